/**
 * A function's page.
 */
import {
  deleteIcon,
  refreshIcon,
  ToolbarButtonComponent
} from '@jupyterlab/ui-components';
import React from 'react';

import type { IFunction } from '../../api/types';
import { useServices, useSignal } from '../../context';
import { ago, duration, size } from '../../format';
import type { FunctionPage } from '../../models/page';
import type { Tries } from '../../models/tries';
import { Tabs } from '../tabs';
import { sectionsOf } from './sections';

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
        tabs={sectionsOf({ one, page, tries, trans })}
        chosen={page.section}
        choose={id => {
          page.section = id;
        }}
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
  const others = Object.entries(one.aliases).filter(([alias]) => alias !== 'latest');
  return (
    <header className="jp-faas-head">
      <h2>
        {one.name} <span className="jp-faas-badge">v{one.version}</span>
        {others.map(([alias, shares]) => (
          <span
            key={alias}
            className="jp-faas-badge"
            title={trans.__('The alias %1 leads to version %2', alias, versions(shares))}
          >
            {alias} → v{versions(shares)}
          </span>
        ))}
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
      {one.doc ? <Description text={one.doc} /> : null}
      <p className="jp-faas-origin">{published(one, trans)}</p>
    </header>
  );
}

/** The docstring; what follows its first paragraph is folded away. */
function Description({ text }: { text: string }): JSX.Element {
  const { trans } = useServices();
  const [first = '', ...rest] = text.trim().split(/\n\s*\n/);
  return (
    <div className="jp-faas-doc">
      <p>{first}</p>
      {rest.length ? (
        <details>
          <summary>{trans.__('More of the description')}</summary>
          <pre>{rest.join('\n\n')}</pre>
        </details>
      ) : null}
    </div>
  );
}

function Figures({ page, one }: { page: FunctionPage; one: IFunction }): JSX.Element {
  const { trans } = useServices();
  const hour = page.activity;
  const time = (ms: number | null | undefined): string =>
    ms === null || ms === undefined ? '–' : duration(ms);
  const figures: [string, string, string][] = [
    [trans.__('Calls'), hour ? String(hour.calls) : '–', trans.__('In the last hour')],
    [trans.__('Errors'), hour ? String(hour.errors) : '–', trans.__('In the last hour')],
    ['p50', time(hour?.p50_ms), trans.__('Half of the calls were answered within')],
    ['p99', time(hour?.p99_ms), trans.__('99 of 100 calls were answered within')],
    [
      trans.__('Peak memory'),
      `${hour?.peak_bytes ? size(hour.peak_bytes) : '–'} / ${size(one.caps.memory_bytes)}`,
      trans.__('The most that a call of the last hour used, and the cap')
    ],
    [trans.__('Time cap'), duration(one.caps.timeout_seconds * 1000), ''],
    [
      trans.__('Instances'),
      String(one.instances),
      one.instances ? '' : trans.__('The next call starts one')
    ],
    [trans.__('Packages'), String(one.packages.length), one.packages.join('\n')]
  ];
  return (
    <dl className="jp-faas-figures" aria-label={trans.__('The last hour')}>
      {figures.map(([name, value, title]) => (
        <div key={name} title={title}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function versions(shares: { readonly [version: string]: number }): string {
  return Object.keys(shares).join('/');
}

function published(
  one: IFunction,
  trans: ReturnType<typeof useServices>['trans']
): string {
  const when = ago(one.published);
  const { notebook } = one.origin;
  if (one.author && notebook) {
    return trans.__('Published %1 by %2 from %3', when, one.author, notebook);
  }
  return notebook
    ? trans.__('Published %1 from %2', when, notebook)
    : trans.__('Published %1', when);
}
