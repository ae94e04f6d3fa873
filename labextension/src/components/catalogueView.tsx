/**
 * The sidebar's content: the functions, or why there are none to show.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { useServices, useSignal } from '../context';
import { type Catalogue, SORT_KEYS, type SortKey } from '../models/catalogue';
import { Notice } from './notice';
import { Row, ROW_HEIGHT } from './row';
import { WindowedList } from './windowedList';

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
          title={trans.__(
            'A part of the name, the description or the notebook, or a state'
          )}
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
          {SORT_KEYS.map(key => (
            <option key={key} value={key}>
              {orderName(key, trans)}
            </option>
          ))}
        </select>
      </div>
      {shown.length ? (
        <WindowedList
          items={shown}
          rowHeight={ROW_HEIGHT}
          label={trans.__('Functions')}
          keyOf={one => one.name}
          render={(one, tabIndex) => (
            <Row one={one} tabIndex={tabIndex} open={openFunction} />
          )}
        />
      ) : (
        <p className="jp-faas-hint">{trans.__('No function matches the filter.')}</p>
      )}
    </>
  );
}

function orderName(key: SortKey, trans: TranslationBundle): string {
  return {
    name: trans.__('By name'),
    published: trans.__('Newest first'),
    calls: trans.__('Most calls'),
    errors: trans.__('Most errors'),
    p99: trans.__('Slowest first')
  }[key];
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
