/**
 * A function in the list.
 */
import React from 'react';

import type { ISummary } from '../api/types';
import { useServices } from '../context';
import { ago, duration } from '../format';
import { Sparkline } from './charts/sparkline';
import { stateWord, StateDot } from './stateDot';

export const ROW_HEIGHT = 48;

const MAX_ALIASES = 2;

/** State, name, version and aliases; the last hour's calls and times; what it is for. */
export const Row = React.memo(
  function Row(props: {
    one: ISummary;
    tabIndex: number;
    open: (name: string) => void;
  }): JSX.Element {
    const { trans } = useServices();
    const { one } = props;
    const { hour } = one;
    return (
      <button
        type="button"
        className="jp-faas-row"
        tabIndex={props.tabIndex}
        title={`${one.name}${one.signature}`}
        disabled={one.version === null}
        onClick={() => props.open(one.name)}
      >
        <StateDot one={one} />
        <span className="jp-faas-row-title">
          <span className="jp-faas-row-name">{one.name}</span>
          {one.version !== null ? (
            <span className="jp-faas-row-version">v{one.version}</span>
          ) : null}
          <AliasNames one={one} />
        </span>
        <span className="jp-faas-row-doc">
          {one.state === 'building'
            ? `${stateWord(one.state, trans)}: ${one.step ?? ''} …`
            : one.summary || one.signature}
        </span>
        <span className="jp-faas-row-spark">
          {hour ? (
            <Sparkline calls={hour.series.calls} errors={hour.series.errors} />
          ) : null}
        </span>
        <span className="jp-faas-row-figures">
          {hour && hour.p50_ms !== null && hour.p99_ms !== null ? (
            <span title={trans.__('Half of the calls within, and 99 of 100')}>
              {duration(hour.p50_ms)} · {duration(hour.p99_ms)}
            </span>
          ) : one.published ? (
            <span title={trans.__('Published; no calls in the last hour')}>
              {ago(one.published)}
            </span>
          ) : null}
        </span>
      </button>
    );
  },
  (before, after) =>
    before.tabIndex === after.tabIndex &&
    before.open === after.open &&
    (before.one === after.one || JSON.stringify(before.one) === JSON.stringify(after.one))
);

/** The aliases besides `latest`, each with its version where that is another one. */
function AliasNames({ one }: { one: ISummary }): JSX.Element | null {
  const { trans } = useServices();
  const others = Object.entries(one.aliases).filter(([alias]) => alias !== 'latest');
  if (!others.length) {
    return null;
  }
  const written = others.map(([alias, shares]) => {
    const numbers = Object.keys(shares);
    const own = numbers.length === 1 && Number(numbers[0]) === one.version;
    return own ? alias : `${alias} v${numbers.join('/')}`;
  });
  return (
    <>
      {written.slice(0, MAX_ALIASES).map(text => (
        <span key={text} className="jp-faas-alias">
          {text}
        </span>
      ))}
      {written.length > MAX_ALIASES ? (
        <span className="jp-faas-alias" title={written.join(', ')}>
          {trans.__('+%1', written.length - MAX_ALIASES)}
        </span>
      ) : null}
    </>
  );
}
