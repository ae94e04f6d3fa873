/**
 * The sidebar's content: the functions, or why there are none to show.
 */
import React from 'react';

import type { IFunction } from '../api/types';
import { useServices, useSignal } from '../context';
import { ago } from '../format';
import type { Catalogue, SortKey } from '../models/catalogue';
import { Notice } from './notice';
import { WindowedList } from './windowedList';

const ROW_HEIGHT = 48;

/** All of the panel below its title. */
export function CatalogueView({ catalogue }: { catalogue: Catalogue }): JSX.Element {
  useSignal(catalogue.changed);
  const { condition } = catalogue;
  if (condition.kind === 'running') {
    return catalogue.total ? <Functions catalogue={catalogue} /> : <NoFunctions />;
  }
  return <Notice catalogue={catalogue} condition={condition} />;
}

function Functions({ catalogue }: { catalogue: Catalogue }): JSX.Element {
  const { trans, openFunction } = useServices();
  const shown = catalogue.shown;
  return (
    <>
      <div className="jp-faas-tools">
        <input
          type="search"
          placeholder={trans.__('Filter functions')}
          aria-label={trans.__('Filter functions')}
          value={catalogue.filter}
          onChange={event => {
            catalogue.filter = event.target.value;
          }}
        />
        <select
          aria-label={trans.__('Order of the functions')}
          value={catalogue.sort}
          onChange={event => {
            catalogue.sort = event.target.value as SortKey;
          }}
        >
          <option value="name">{trans.__('By name')}</option>
          <option value="published">{trans.__('Newest first')}</option>
        </select>
      </div>
      {shown.length ? (
        <WindowedList
          items={shown}
          rowHeight={ROW_HEIGHT}
          label={trans.__('Functions')}
          keyOf={one => one.name}
          render={one => <Row one={one} open={openFunction} />}
        />
      ) : (
        <p className="jp-faas-hint">{trans.__('No function matches the filter.')}</p>
      )}
    </>
  );
}

function Row({
  one,
  open
}: {
  one: IFunction;
  open: (name: string) => void;
}): JSX.Element {
  const { trans } = useServices();
  const state =
    one.instances > 0
      ? trans._n('%1 instance is up', '%1 instances are up', one.instances)
      : trans.__('Rests; the next call starts it');
  return (
    <button
      type="button"
      className="jp-faas-row"
      title={`${one.name}${one.signature}`}
      onClick={() => open(one.name)}
    >
      <span
        className={`jp-faas-dot ${one.instances ? 'jp-mod-up' : ''}`}
        role="img"
        aria-label={state}
        title={state}
      />
      <span className="jp-faas-row-name">{one.name}</span>
      <span className="jp-faas-row-version">v{one.version}</span>
      <span className="jp-faas-row-doc">{firstLine(one.doc) || one.signature}</span>
      <span className="jp-faas-row-time">{ago(one.published)}</span>
    </button>
  );
}

function NoFunctions(): JSX.Element {
  const { trans, insertCell } = useServices();
  const example = '%load_ext jupyter_faas';
  const cell = [
    '%%publish',
    'def greet(name: str = "world") -> str:',
    '    """Greet somebody."""',
    '    return f"Hello {name}!"'
  ].join('\n');
  return (
    <div className="jp-faas-empty">
      <p>
        {trans.__(
          'No functions yet. Put %%publish on a cell that defines one, and run it:'
        )}
      </p>
      <pre>{`${example}\n\n${cell}`}</pre>
      <button
        type="button"
        className="jp-mod-styled jp-mod-accept"
        onClick={() => insertCell(example) && insertCell(cell)}
      >
        {trans.__('Insert into the notebook')}
      </button>
    </div>
  );
}

function firstLine(doc: string | null): string {
  return (doc ?? '').trim().split('\n')[0] ?? '';
}
