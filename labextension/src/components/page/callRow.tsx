/**
 * One call.
 */
import React from 'react';

import type { ICall, IInvocation } from '../../api/types';
import { useAnswer, useServices } from '../../context';
import { ago, clock, duration, size } from '../../format';
import { usePage } from './pageContext';
import { Meter } from '../meter';
import { ProblemView } from '../problemView';
import { Lines } from './lines';

/** A call in the table. */
export function CallRow(props: {
  call: IInvocation;
  cap: number;
  longest: number;
  open: boolean;
  toggle: (id: string) => void;
}): JSX.Element {
  const { call, cap, open } = props;
  const failed = call.status >= 400;
  return (
    <tr className={failed ? 'jp-mod-failed' : ''}>
      <td title={call.started}>{ago(call.started)}</td>
      <td>
        <button
          type="button"
          className="jp-faas-link"
          aria-expanded={open}
          onClick={() => props.toggle(call.id)}
        >
          {call.status} {call.code}
        </button>
      </td>
      <td>
        v{call.version}
        {call.alias && call.alias !== 'latest' ? ` (${call.alias})` : ''}
      </td>
      <td>{call.start ?? '–'}</td>
      <td>{duration(totalOf(call))}</td>
      <td>
        <Split call={call} longest={props.longest} />
      </td>
      <td>
        <Memory used={call.peak_bytes} cap={cap} />
      </td>
    </tr>
  );
}

/** All that is known of a call: times, sizes, what went wrong, what it wrote. */
export function CallDetails({ id }: { id: string }): JSX.Element {
  const { trans } = useServices();
  const { requests } = usePage();
  const { value, error } = useAnswer(id, () => requests.invocation(id));
  if (error) {
    return (
      <p className="jp-faas-error" role="alert">
        {error.message}
      </p>
    );
  }
  if (!value) {
    return <p className="jp-faas-hint">{trans.__('Loading …')}</p>;
  }
  return (
    <section className="jp-faas-call" aria-label={trans.__('Call %1', id)}>
      <Facts call={value} />
      {value.problem ? <ProblemView problem={value.problem} /> : null}
      {value.logs.length ? <Lines entries={value.logs} /> : null}
    </section>
  );
}

function Facts({ call }: { call: ICall }): JSX.Element {
  const { trans } = useServices();
  const facts: [string, string][] = [
    [trans.__('Began'), `${clock(call.started)}, ${ago(call.started)}`],
    [trans.__('Queue'), duration(call.queue_ms)],
    [trans.__('Start'), duration(call.start_ms)],
    [trans.__('Run'), duration(call.run_ms)],
    [trans.__('CPU'), duration(call.cpu_ms)],
    [trans.__('Request'), size(call.request_bytes)],
    [trans.__('Result'), size(call.result_bytes)],
    [trans.__('Caller'), call.caller ?? '–'],
    [trans.__('Id'), call.id]
  ];
  return (
    <dl className="jp-faas-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A call's time in its parts, as wide as it is long beside the longest. */
function Split({ call, longest }: { call: IInvocation; longest: number }): JSX.Element {
  const { trans } = useServices();
  const parts: [string, number, string][] = [
    ['queue', call.queue_ms, trans.__('queue')],
    ['start', call.start_ms, trans.__('start')],
    ['run', call.run_ms, trans.__('run')]
  ];
  const text = parts.map(([, ms, what]) => `${what} ${duration(ms)}`).join(', ');
  return (
    <span className="jp-faas-split" role="img" aria-label={text} title={text}>
      {parts.map(([name, ms]) => (
        <span
          key={name}
          className={`jp-mod-${name}`}
          style={{ width: `${(100 * ms) / (longest || 1)}%` }}
        />
      ))}
    </span>
  );
}

function Memory({ used, cap }: { used: number; cap: number }): JSX.Element {
  if (!used) {
    return <>–</>;
  }
  const text = `${size(used)} / ${size(cap)}`;
  return (
    <span className="jp-faas-memory">
      <Meter value={used} most={cap} label={text} />
      {size(used)}
    </span>
  );
}

/** How long the caller waited, in ms. */
export function totalOf(call: IInvocation): number {
  return call.queue_ms + call.start_ms + call.run_ms;
}
