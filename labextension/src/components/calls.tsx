/**
 * A function's last calls.
 */
import React from 'react';

import type { IFunction, IInvocation } from '../api/types';
import { useServices } from '../context';
import { ago, duration, size } from '../format';
import { ProblemView } from './problemView';

/** A table of calls; a click shows what went wrong. */
export function Calls(props: {
  one: IFunction;
  invocations: readonly IInvocation[];
}): JSX.Element {
  const { trans } = useServices();
  const [open, setOpen] = React.useState<string | null>(null);
  if (!props.invocations.length) {
    return (
      <p className="jp-faas-hint">{trans.__('Nobody has called this function yet.')}</p>
    );
  }
  const longest = Math.max(...props.invocations.map(total));
  return (
    <table className="jp-faas-calls">
      <thead>
        <tr>
          <th scope="col">{trans.__('When')}</th>
          <th scope="col">{trans.__('Status')}</th>
          <th scope="col">{trans.__('Version')}</th>
          <th scope="col">{trans.__('Start')}</th>
          <th scope="col">{trans.__('Time')}</th>
          <th scope="col">{trans.__('Queue, start, run')}</th>
          <th scope="col">{trans.__('Memory')}</th>
        </tr>
      </thead>
      <tbody>
        {props.invocations.map(call => (
          <React.Fragment key={call.id}>
            <tr className={call.status >= 400 ? 'jp-mod-failed' : ''}>
              <td title={call.started}>{ago(call.started)}</td>
              <td>
                {call.problem ? (
                  <button
                    type="button"
                    className="jp-faas-link"
                    aria-expanded={open === call.id}
                    onClick={() => setOpen(open === call.id ? null : call.id)}
                  >
                    {call.status} {call.code}
                  </button>
                ) : (
                  call.status
                )}
              </td>
              <td>v{call.version}</td>
              <td>{call.start ?? '–'}</td>
              <td>{duration(total(call))}</td>
              <td>
                <Split call={call} longest={longest} />
              </td>
              <td>
                <meter
                  min={0}
                  max={props.one.caps.memory_bytes}
                  high={0.9 * props.one.caps.memory_bytes}
                  value={call.peak_bytes}
                  title={`${size(call.peak_bytes)} / ${size(props.one.caps.memory_bytes)}`}
                />{' '}
                {size(call.peak_bytes)}
              </td>
            </tr>
            {open === call.id && call.problem ? (
              <tr>
                <td colSpan={7}>
                  <ProblemView problem={call.problem} />
                </td>
              </tr>
            ) : null}
          </React.Fragment>
        ))}
      </tbody>
    </table>
  );
}

function Split({ call, longest }: { call: IInvocation; longest: number }): JSX.Element {
  const { trans } = useServices();
  const parts: [string, number, string][] = [
    ['queue', call.queue_ms, trans.__('waited for a free worker')],
    ['start', call.start_ms, trans.__('waited for an instance')],
    ['run', call.run_ms, trans.__('ran')]
  ];
  const text = parts.map(([, ms, what]) => `${duration(ms)} ${what}`).join(', ');
  return (
    <span className="jp-faas-split" role="img" aria-label={text} title={text}>
      {parts.map(([name, ms]) => (
        <span
          key={name}
          className={`jp-faas-split-${name}`}
          style={{ width: `${(100 * ms) / (longest || 1)}%` }}
        />
      ))}
    </span>
  );
}

function total(call: IInvocation): number {
  return call.queue_ms + call.start_ms + call.run_ms;
}
