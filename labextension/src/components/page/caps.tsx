/**
 * A function's caps beside what its calls use, and one click to better ones.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSONValue } from '@lumino/coreutils';
import React from 'react';

import type { IAdvice, IProposal, ISpread } from '../../api/types';
import { useServices, useWatched } from '../../context';
import { duration, size } from '../../format';
import type { FunctionPage } from '../../models/page';
import { Meter } from '../meter';
import { Failure, useChange } from './pageContext';

/** The caps that calls meet, what the calls used, and what would fit. */
export function Caps({ page }: { page: FunctionPage }): JSX.Element {
  const { trans } = useServices();
  useWatched(page.caps);
  const advice = page.caps.value;
  if (!advice) {
    return (
      <p className="jp-faas-hint">{page.caps.error?.message ?? trans.__('Loading …')}</p>
    );
  }
  return (
    <div className="jp-faas-caps">
      <Failure text={page.caps.error?.message ?? ''} />
      <Used advice={advice} trans={trans} />
      <Proposals page={page} advice={advice} />
      <Others advice={advice} trans={trans} />
    </div>
  );
}

function Used({
  advice,
  trans
}: {
  advice: IAdvice;
  trans: TranslationBundle;
}): JSX.Element {
  const { usage, caps } = advice;
  const seconds = (value: number): string => duration(1000 * value);
  const rows: [string, number, ISpread | null, (value: number) => string, number][] = [
    [trans.__('Time'), caps.timeout_seconds, usage.run_seconds, seconds, usage.timeouts],
    [
      trans.__('Memory'),
      caps.memory_bytes,
      usage.memory_bytes,
      size,
      usage.out_of_memory
    ],
    [trans.__('CPUs'), Number(caps['cpu']), usage.cpu, rounded, 0]
  ];
  return (
    <table className="jp-faas-grid">
      <caption>
        {usage.calls
          ? trans._n(
              'What the last call used',
              'What the last %1 calls used',
              usage.calls
            )
          : trans.__('Nobody has called this function yet.')}
      </caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('Of')}</th>
          <th scope="col">{trans.__('Cap')}</th>
          <th scope="col">{trans.__('Half')}</th>
          <th scope="col">{trans.__('99 of 100')}</th>
          <th scope="col">{trans.__('The most')}</th>
          <th scope="col">{trans.__('Of the cap')}</th>
          <th scope="col">{trans.__('Ended at the cap')}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, cap, spread, format, ended]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{format(cap)}</td>
            <td>{spread ? format(spread.p50) : '–'}</td>
            <td>{spread ? format(spread.p99) : '–'}</td>
            <td>{spread ? format(spread.max) : '–'}</td>
            <td>
              <Meter
                value={spread?.max ?? 0}
                most={cap}
                label={trans.__('%1: the most that was used, of the cap', name)}
              />
            </td>
            <td className={ended ? 'jp-faas-bad' : ''}>{ended || '–'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Proposals({
  page,
  advice
}: {
  page: FunctionPage;
  advice: IAdvice;
}): JSX.Element {
  const { trans } = useServices();
  const { busy, error, change } = useChange();
  const { proposals } = advice;
  if (!proposals.length) {
    return (
      <p className="jp-faas-hint">
        {advice.usage.calls
          ? trans.__('These caps fit what the calls use.')
          : trans.__('Call it, and see here which caps fit.')}
      </p>
    );
  }
  const apply = (chosen: readonly IProposal[]): void => {
    const caps = Object.fromEntries(chosen.map(one => [one.cap, one.proposed]));
    void change(() => page.changeCaps(caps));
  };
  return (
    <section aria-label={trans.__('Better caps')}>
      <h3>{trans.__('Better caps')}</h3>
      <ul className="jp-faas-proposals">
        {proposals.map(one => (
          <li key={one.cap}>
            <div>
              <code>{one.option}</code>{' '}
              <span className="jp-faas-quiet">
                {trans.__('instead of %1', inWords(one.cap, one.present))}
              </span>
              <p>{one.reason}</p>
            </div>
            <button
              type="button"
              className="jp-mod-styled jp-mod-accept"
              disabled={busy}
              aria-label={trans.__('Apply: %1', one.option)}
              onClick={() => apply([one])}
            >
              {busy ? trans.__('Applying …') : trans.__('Apply')}
            </button>
          </li>
        ))}
      </ul>
      <Failure text={error} />
      <p className="jp-faas-quiet">
        {trans.__(
          'A new version of the same image gets them; it goes live when the function starts with them.'
        )}
      </p>
    </section>
  );
}

/** The caps that nothing is measured of. */
function Others({
  advice,
  trans
}: {
  advice: IAdvice;
  trans: TranslationBundle;
}): JSX.Element {
  const shown = new Set(['timeout_seconds', 'memory_bytes', 'cpu']);
  const rest = Object.entries(advice.caps).filter(
    ([name, value]) => !shown.has(name) && value !== null
  );
  return (
    <details>
      <summary>{trans.__('All caps')}</summary>
      <dl className="jp-faas-facts">
        {rest.map(([name, value]) => (
          <div key={name}>
            <dt>{name.replace(/_(seconds|bytes)$/, '').replaceAll('_', ' ')}</dt>
            <dd>{typeof value === 'number' ? inWords(name, value) : written(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** A cap's value in its unit. */
export function inWords(cap: string, value: number): string {
  if (cap.endsWith('_seconds')) {
    return duration(1000 * value);
  }
  return cap.endsWith('_bytes') ? size(value) : rounded(value);
}

function written(value: JSONValue | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function rounded(value: number): string {
  return String(Math.round(100 * value) / 100);
}
