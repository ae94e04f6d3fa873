/**
 * A result as a person expects it: a table, a picture, a page, lines as they come, or what went wrong.
 */
import React from 'react';

import { useServices } from '../context';
import type { Outcome } from '../models/tries';
import { ProblemView } from './problemView';

const MAX_ROWS = 200;

/** Whatever a call came to. */
export function OutcomeView({ outcome }: { outcome: Outcome }): JSX.Element {
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
      return <ProblemView problem={outcome.problem} />;
    case 'failed':
      return (
        <p className="jp-faas-error" role="alert">
          {outcome.message}
        </p>
      );
  }
}

function Value({ value }: { value: unknown }): JSX.Element {
  return isTable(value) ? (
    <Table rows={value} />
  ) : (
    <pre>{JSON.stringify(value, null, 2)}</pre>
  );
}

type Rows = readonly Record<string, unknown>[];

/** Records with the same keys, as a DataFrame gives them. */
function isTable(value: unknown): value is Rows {
  if (!Array.isArray(value) || !value.length) {
    return false;
  }
  const first = value[0] as unknown;
  if (typeof first !== 'object' || first === null || Array.isArray(first)) {
    return false;
  }
  const keys = Object.keys(first).join('\n');
  return value.every(
    (row: unknown) =>
      typeof row === 'object' && row !== null && Object.keys(row).join('\n') === keys
  );
}

function Table({ rows }: { rows: Rows }): JSX.Element {
  const { trans } = useServices();
  const columns = Object.keys(rows[0]!);
  return (
    <div className="jp-faas-table jp-RenderedHTMLCommon" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map(column => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MAX_ROWS).map((row, index) => (
            <tr key={index}>
              {columns.map(column => (
                <td key={column}>{cell(row[column])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MAX_ROWS ? (
        <p className="jp-faas-hint">{trans.__('%1 of %2 rows', MAX_ROWS, rows.length)}</p>
      ) : null}
    </div>
  );
}

function cell(value: unknown): string {
  if (value === null || value === undefined) {
    return '';
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
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
