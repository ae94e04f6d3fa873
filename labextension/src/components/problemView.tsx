/**
 * An error of a function or of the gateway.
 */
import React from 'react';

import type { IFrame, IProblem } from '../api/types';
import { useServices } from '../context';

/** What happened, what to do, and where in the notebook. */
export function ProblemView({ problem }: { problem: IProblem }): JSX.Element {
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
              <span>
                {frame.cell
                  ? trans.__('cell %1, line %2', frame.cell, frame.cell_line)
                  : `${frame.file}:${frame.line}`}
                {', '}
                {frame.function}
              </span>
              <pre>{frame.text}</pre>
            </li>
          ))}
        </ol>
      ) : null}
    </div>
  );
}
