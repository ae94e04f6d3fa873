/**
 * A function's page.
 */
import {
  deleteIcon,
  refreshIcon,
  ToolbarButtonComponent
} from '@jupyterlab/ui-components';
import React from 'react';

import type { IFunction } from '../api/types';
import { useServices, useSignal } from '../context';
import { duration, quantile, size } from '../format';
import type { FunctionPage } from '../models/page';
import type { Tries } from '../models/tries';
import { Calls } from './calls';
import { Endpoint } from './endpoint';
import { Logs } from './logs';
import { Tabs } from './tabs';
import { TryIt } from './tryIt';

interface IPageProps {
  readonly page: FunctionPage;
  readonly tries: Tries;
  readonly remove: () => Promise<void>;
}

/** The page: head, figures, and a tab for each thing one does with a function. */
export function PageView({ page, tries, remove }: IPageProps): JSX.Element {
  const { trans } = useServices();
  useSignal(page.changed);
  const one = page.function;
  if (one === undefined) {
    return (
      <p className="jp-faas-hint" role="status">
        {page.error ? page.error.message : trans.__('Loading %1 …', page.name)}
      </p>
    );
  }
  return (
    <div className="jp-faas-page">
      <Head one={one} page={page} remove={remove} />
      {page.error ? (
        <p className="jp-faas-error" role="alert">
          {page.error.message}
        </p>
      ) : null}
      <Figures page={page} one={one} />
      <Tabs
        label={trans.__('What to see of %1', one.name)}
        tabs={[
          {
            id: 'try',
            title: trans.__('Try it'),
            content: <TryIt one={one} tries={tries} done={() => void page.refresh()} />
          },
          {
            id: 'calls',
            title: trans.__('Calls'),
            content: <Calls one={one} invocations={page.invocations} />
          },
          { id: 'logs', title: trans.__('Logs'), content: <Logs entries={page.logs} /> },
          { id: 'endpoint', title: trans.__('Endpoint'), content: <Endpoint one={one} /> }
        ]}
      />
    </div>
  );
}

function Head({
  one,
  page,
  remove
}: {
  one: IFunction;
  page: FunctionPage;
  remove: () => Promise<void>;
}): JSX.Element {
  const { trans } = useServices();
  return (
    <header className="jp-faas-head">
      <h2>
        {one.name} <span className="jp-faas-badge">v{one.version}</span>
        {one.public ? <span className="jp-faas-badge">{trans.__('public')}</span> : null}
      </h2>
      <div className="jp-faas-head-actions">
        <ToolbarButtonComponent
          icon={refreshIcon}
          tooltip={trans.__('Look again')}
          onClick={() => void page.refresh()}
        />
        <ToolbarButtonComponent
          icon={deleteIcon}
          tooltip={trans.__('Delete this function …')}
          onClick={() => void remove()}
        />
      </div>
      <code className="jp-faas-signature">
        {one.entry}
        {one.signature}
      </code>
      {one.doc ? <p className="jp-faas-doc">{one.doc}</p> : null}
    </header>
  );
}

function Figures({ page, one }: { page: FunctionPage; one: IFunction }): JSX.Element {
  const { trans } = useServices();
  const calls = page.invocations;
  const times = calls.map(call => call.queue_ms + call.start_ms + call.run_ms);
  const errors = calls.filter(call => call.status >= 400).length;
  const peak = Math.max(0, ...calls.map(call => call.peak_bytes));
  const figures: [string, string][] = [
    [trans.__('Last calls'), String(calls.length)],
    [trans.__('Errors'), String(errors)],
    [trans.__('Half within'), calls.length ? duration(quantile(times, 0.5)) : '–'],
    [trans.__('99 of 100 within'), calls.length ? duration(quantile(times, 0.99)) : '–'],
    [trans.__('Time cap'), duration(one.caps.timeout_seconds * 1000)],
    [
      trans.__('Peak memory'),
      peak ? `${size(peak)} / ${size(one.caps.memory_bytes)}` : '–'
    ],
    [trans.__('Packages'), String(one.packages.length)]
  ];
  return (
    <dl className="jp-faas-figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
