/**
 * An error of a function or of the gateway.
 */
import React from 'react';

import type { IFrame, IProblem } from '../api/types';
import { useServices } from '../context';

interface IProblemProps {
  readonly problem: IProblem;
  /** The notebook that the function was published from, if that is known. */
  readonly notebook?: string | null;
}

/** What happened, what to do, and where in the notebook. */
export function ProblemView({ problem, notebook = null }: IProblemProps): JSX.Element {
  const { trans } = useServices();
  const frames = (problem['traceback'] ?? []) as unknown as readonly IFrame[];
  const faults = (problem['faults'] ?? []) as unknown as readonly {
    path: string;
    message: string;
  }[];
  return (
    <div className="jp-faas-problem" role="alert">
      <p>
        <strong>{problem.title}</strong>{' '}
        {problem.code ? <code>{problem.code}</code> : null}
      </p>
      <p>{problem.detail}</p>
      {faults.length ? (
        <ul>
          {faults.map((fault, index) => (
            <li key={index}>
              <code>{fault.path}</code> {fault.message}
            </li>
          ))}
        </ul>
      ) : null}
      {frames.length ? (
        <ol className="jp-faas-traceback" aria-label={trans.__('Traceback')}>
          {frames.map((frame, index) => (
            <li key={index}>
              {frame.cell ? (
                <CellLine frame={frame} notebook={notebook} />
              ) : (
                <span>
                  {frame.file}:{frame.line}
                </span>
              )}
              {`, ${frame.function}`}
              <pre>{frame.text}</pre>
            </li>
          ))}
        </ol>
      ) : null}
    </div>
  );
}

function CellLine(props: { frame: IFrame; notebook: string | null }): JSX.Element {
  const { trans, showLine } = useServices();
  const { frame, notebook } = props;
  const [missing, setMissing] = React.useState(false);
  return (
    <>
      <button
        type="button"
        className="jp-faas-link"
        title={trans.__('Show this line in the notebook')}
        onClick={() => setMissing(!showLine(notebook, frame))}
      >
        {trans.__('cell %1, line %2', frame.cell, frame.cell_line)}
      </button>
      {missing ? (
        <span className="jp-faas-quiet" role="status">
          {' '}
          {notebook
            ? trans.__('(no open notebook has this line: open %1)', notebook)
            : trans.__('(no open notebook has this line)')}
        </span>
      ) : null}
    </>
  );
}
