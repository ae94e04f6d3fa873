/**
 * A function's versions: what is new in each, and which one serves.
 */
import React from 'react';

import type { IVersion } from '../../api/types';
import { useServices, useWatched } from '../../context';
import { ago, size } from '../../format';
import type { FunctionPage } from '../../models/page';
import { AliasTable } from './aliases';
import { Changes } from './changes';
import { Moves } from './moves';
import { Failure, useChange } from './pageContext';

/** Where aliases lead, the versions, and how the aliases were moved. */
export function Versions({ page }: { page: FunctionPage }): JSX.Element {
  const { trans } = useServices();
  useWatched(page.versions);
  useWatched(page.aliases);
  const known = page.versions.value;
  const aliases = page.aliases.value;
  if (!known || !aliases) {
    const error = page.versions.error ?? page.aliases.error;
    return <p className="jp-faas-hint">{error?.message ?? trans.__('Loading …')}</p>;
  }
  return (
    <div className="jp-faas-versions">
      <Failure text={(page.versions.error ?? page.aliases.error)?.message ?? ''} />
      <AliasTable page={page} aliases={aliases.aliases} latest={known.latest} />
      <h3>{trans.__('Versions')}</h3>
      <table className="jp-faas-grid">
        <thead>
          <tr>
            <th scope="col">{trans.__('Version')}</th>
            <th scope="col">{trans.__('Published')}</th>
            <th scope="col">{trans.__('From')}</th>
            <th scope="col">{trans.__('Served')}</th>
            <th scope="col">{trans.__('Instances')}</th>
            <th scope="col">{trans.__('Layer')}</th>
            <th scope="col">
              <span className="jp-faas-unseen">{trans.__('Actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {known.versions.map(version => (
            <VersionRow
              key={version.version}
              page={page}
              version={version}
              latest={known.latest}
              oldest={known.next === null && version === known.versions.at(-1)}
            />
          ))}
        </tbody>
      </table>
      {known.next !== null ? (
        <div className="jp-faas-buttons">
          <button
            type="button"
            className="jp-faas-link"
            onClick={() => void page.loadVersions().catch(() => undefined)}
          >
            {trans.__('Show earlier versions (%1 in all)', known.total)}
          </button>
        </div>
      ) : null}
      <Moves moves={aliases.moves} />
    </div>
  );
}

function VersionRow(props: {
  page: FunctionPage;
  version: IVersion;
  latest: number;
  oldest: boolean;
}): JSX.Element {
  const { trans } = useServices();
  const { page, version, latest } = props;
  const [open, setOpen] = React.useState(false);
  const { busy, error, change } = useChange();
  const breaking = version.changes?.breaking ?? 0;
  const number = version.version;
  return (
    <>
      <tr className={number === latest ? 'jp-mod-current' : ''}>
        <th scope="row">
          v{number}{' '}
          {Object.entries(version.aliases).map(([alias, share]) => (
            <span key={alias} className="jp-faas-badge">
              {share === 100 ? alias : `${alias} ${share} %`}
            </span>
          ))}
        </th>
        <td title={version.published}>
          {ago(version.published)}
          {version.author ? `, ${version.author}` : ''}
        </td>
        <td>{[version.notebook, version.cell].filter(Boolean).join(', ') || '–'}</td>
        <td title={version.served ?? ''}>
          {version.served ? ago(version.served) : trans.__('not yet')}
        </td>
        <td>{version.instances || '–'}</td>
        <td>{size(version.layer_bytes)}</td>
        <td className="jp-faas-actions">
          {props.oldest ? null : (
            <button
              type="button"
              className="jp-faas-link"
              aria-expanded={open}
              onClick={() => setOpen(!open)}
            >
              {breaking
                ? trans._n(
                    'Changes (%1 breaks callers)',
                    'Changes (%1 break callers)',
                    breaking
                  )
                : trans.__('Changes')}
            </button>
          )}
          {number === latest ? null : (
            <button
              type="button"
              className="jp-faas-link"
              disabled={busy}
              onClick={() => void change(() => page.rollBack(number))}
            >
              {busy ? trans.__('Moving …') : trans.__('Make latest')}
            </button>
          )}
        </td>
      </tr>
      {open || error ? (
        <tr>
          <td colSpan={7}>
            <Failure text={error} />
            {open ? <Changes version={number} /> : null}
          </td>
        </tr>
      ) : null}
    </>
  );
}
