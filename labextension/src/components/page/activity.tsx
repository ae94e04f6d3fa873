/**
 * A function's last hour in charts.
 */
import React from 'react';

import type { IFunction } from '../../api/types';
import { useServices } from '../../context';
import { duration, size } from '../../format';
import type { FunctionPage } from '../../models/page';
import { Chart } from '../charts/chart';

/** Calls and errors, times, memory. */
export function Activity(props: { one: IFunction; page: FunctionPage }): JSX.Element {
  const { trans } = useServices();
  const hour = props.page.activity;
  if (!hour) {
    return <p className="jp-faas-hint">{trans.__('Loading …')}</p>;
  }
  const { caps } = props.one;
  const { slots } = hour;
  const times = slots.map(slot => slot.begun);
  const cap = caps.timeout_seconds * 1000;
  return (
    <div className="jp-faas-charts">
      <Chart
        title={trans.__('Calls')}
        kind="bars"
        times={times}
        format={value => String(Math.round(10 * value) / 10)}
        series={[
          {
            name: trans.__('calls'),
            style: 'calls',
            values: slots.map(slot => slot.calls)
          },
          {
            name: trans.__('of them failed'),
            style: 'errors',
            values: slots.map(slot => slot.errors)
          }
        ]}
      />
      <Chart
        title={trans.__('Time until the answer')}
        kind="lines"
        times={times}
        format={duration}
        cap={{ name: trans.__('cap %1', duration(cap)), value: cap }}
        series={[
          { name: 'p50', style: 'p50', values: slots.map(slot => slot.p50_ms) },
          { name: 'p99', style: 'p99', values: slots.map(slot => slot.p99_ms) }
        ]}
      />
      <Chart
        title={trans.__('Memory')}
        kind="lines"
        times={times}
        format={size}
        cap={{
          name: trans.__('cap %1', size(caps.memory_bytes)),
          value: caps.memory_bytes
        }}
        series={[
          {
            name: trans.__('the most that a call used'),
            style: 'memory',
            values: slots.map(slot => slot.peak_bytes)
          }
        ]}
      />
    </div>
  );
}
