/**
 * The tries before this one.
 */
import React from 'react';

import { useServices } from '../context';
import { clock, duration } from '../format';
import { inOneLine } from '../models/given';
import type { ITry } from '../models/tries';

/** A line for each; a click takes its arguments again. */
export function TryHistory(props: {
  tries: readonly ITry[];
  again: (made: ITry) => void;
}): JSX.Element | null {
  const { trans } = useServices();
  if (!props.tries.length) {
    return null;
  }
  return (
    <details className="jp-faas-history">
      <summary>{trans.__('Earlier tries')}</summary>
      <ul>
        {props.tries.map(made => (
          <li key={made.started}>
            <time dateTime={new Date(made.started).toISOString()}>
              {clock(new Date(made.started).toISOString())}
            </time>
            <Ending made={made} />
            <button
              type="button"
              className="jp-faas-link"
              title={trans.__('Take these arguments again')}
              onClick={() => props.again(made)}
            >
              <code>{inOneLine(made.given) || trans.__('without arguments')}</code>
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Ending({ made }: { made: ITry }): JSX.Element {
  const { trans } = useServices();
  const failed = made.outcome?.kind === 'problem' || made.outcome?.kind === 'failed';
  const what =
    made.outcome?.kind === 'problem'
      ? (made.outcome.problem.code ?? String(made.outcome.problem.status ?? ''))
      : failed
        ? trans.__('stopped')
        : trans.__('ok');
  return (
    <span className={failed ? 'jp-faas-bad' : 'jp-faas-quiet'}>
      {what}
      {made.ms === null ? '' : `, ${duration(made.ms)}`}
    </span>
  );
}
