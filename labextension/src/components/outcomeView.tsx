/**
 * A result as a person expects it: a table, a picture, a page, lines as they come, or what went wrong.
 */
import React from 'react';

import { useServices } from '../context';
import type { Outcome } from '../models/tries';
import { ProblemView } from './problemView';
import { isTable, Table } from './table';

/** Whatever a call came to; `notebook` is where the function comes from. */
export function OutcomeView({
  outcome,
  notebook
}: {
  outcome: Outcome;
  notebook: string | null;
}): JSX.Element {
  const { trans } = useServices();
  switch (outcome.kind) {
    case 'json':
      return <Value value={outcome.value} />;
    case 'lines':
      return (
        <ol className="jp-faas-stream-lines">
          {outcome.lines.map((line, index) => (
            <li key={index}>{typeof line === 'string' ? line : JSON.stringify(line)}</li>
          ))}
        </ol>
      );
    case 'text':
      return outcome.type === 'text/html' ? (
        <iframe
          className="jp-faas-page-result"
          sandbox=""
          srcDoc={outcome.text}
          title={trans.__('Result')}
        />
      ) : (
        <pre>{outcome.text}</pre>
      );
    case 'blob':
      return <Bytes blob={outcome.blob} type={outcome.type} />;
    case 'nothing':
      return <p className="jp-faas-hint">{trans.__('The function returned None.')}</p>;
    case 'problem':
      return <ProblemView problem={outcome.problem} notebook={notebook} />;
    case 'failed':
      return (
        <p className="jp-faas-error" role="alert">
          {outcome.message}
        </p>
      );
  }
}

function Value({ value }: { value: unknown }): JSX.Element {
  if (isTable(value)) {
    return <Table rows={value} />;
  }
  return <pre>{typeof value === 'string' ? value : JSON.stringify(value, null, 2)}</pre>;
}

function Bytes({ blob, type }: { blob: Blob; type: string }): JSX.Element {
  const { trans } = useServices();
  const [url, setUrl] = React.useState('');
  React.useEffect(() => {
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return type.startsWith('image/') ? (
    <img
      className="jp-faas-picture"
      src={url}
      alt={trans.__('The picture that the function returned')}
    />
  ) : (
    <a href={url} download="result">
      {trans.__('Download %1 (%2 bytes)', type, blob.size)}
    </a>
  );
}
