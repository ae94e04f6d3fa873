/**
 * Where a function's aliases lead, and how to have them lead elsewhere.
 */
import React from 'react';

import type { Aliases, Shares } from '../../api/types';
import { useServices } from '../../context';
import type { FunctionPage } from '../../models/page';
import { AliasEditor } from './aliasEditor';
import { Failure, useChange } from './pageContext';

const NEW = ' new';

/** Each alias with its versions and their shares. */
export function AliasTable(props: {
  page: FunctionPage;
  aliases: Aliases;
  latest: number;
}): JSX.Element {
  const { trans } = useServices();
  const { page, aliases, latest } = props;
  const [edited, setEdited] = React.useState<string | null>(null);
  const close = (): void => setEdited(null);
  return (
    <section aria-label={trans.__('Aliases')}>
      <h3>{trans.__('Aliases')}</h3>
      <table className="jp-faas-grid jp-faas-aliases">
        <tbody>
          {Object.entries(aliases).map(([alias, shares]) => (
            <React.Fragment key={alias}>
              <AliasRow
                page={page}
                alias={alias}
                shares={shares}
                edit={() => setEdited(edited === alias ? null : alias)}
                editing={edited === alias}
              />
              {edited === alias ? (
                <tr>
                  <td colSpan={3}>
                    <AliasEditor
                      page={page}
                      alias={alias}
                      shares={shares}
                      close={close}
                    />
                  </td>
                </tr>
              ) : null}
            </React.Fragment>
          ))}
        </tbody>
      </table>
      {edited === NEW ? (
        <AliasEditor page={page} alias="" shares={{ [latest]: 100 }} close={close} />
      ) : (
        <div className="jp-faas-buttons">
          <button type="button" className="jp-faas-link" onClick={() => setEdited(NEW)}>
            {trans.__('New alias …')}
          </button>
        </div>
      )}
    </section>
  );
}

function AliasRow(props: {
  page: FunctionPage;
  alias: string;
  shares: Shares;
  editing: boolean;
  edit: () => void;
}): JSX.Element {
  const { trans, confirm } = useServices();
  const { page, alias, shares } = props;
  const { busy, error, change } = useChange();
  const remove = async (): Promise<void> => {
    const title = trans.__('Remove the alias %1?', alias);
    const body = trans.__('Calls of %1 are answered 404 then.', `${page.name}@${alias}`);
    if (await confirm(title, body, trans.__('Remove'))) {
      await change(() => page.removeAlias(alias));
    }
  };
  return (
    <tr>
      <th scope="row">{alias}</th>
      <td>
        <ShareBar shares={shares} />
        <Failure text={error} />
      </td>
      <td className="jp-faas-actions">
        {alias === 'latest' ? (
          <button
            type="button"
            className="jp-faas-link"
            disabled={busy}
            title={trans.__('To the version that last served well')}
            onClick={() => void change(() => page.rollBack())}
          >
            {busy ? trans.__('Rolling back …') : trans.__('Roll back')}
          </button>
        ) : (
          <>
            <button
              type="button"
              className="jp-faas-link"
              aria-expanded={props.editing}
              onClick={props.edit}
            >
              {trans.__('Move …')}
            </button>
            <button
              type="button"
              className="jp-faas-link"
              disabled={busy}
              onClick={() => void remove()}
            >
              {trans.__('Remove …')}
            </button>
          </>
        )}
      </td>
    </tr>
  );
}

/** Versions, each as wide as its share of the calls. */
function ShareBar({ shares }: { shares: Shares }): JSX.Element {
  const parts = Object.entries(shares);
  const text = parts
    .map(([number, share]) => (share === 100 ? `v${number}` : `v${number} ${share} %`))
    .join(' + ');
  return parts.length === 1 ? (
    <>{text}</>
  ) : (
    <span className="jp-faas-shares">
      <span className="jp-faas-share-bar" aria-hidden>
        {parts.map(([number, share]) => (
          <span key={number} style={{ width: `${share}%` }} />
        ))}
      </span>
      {text}
    </span>
  );
}
