/**
 * What goes wrong in a function, in groups.
 */
import React from 'react';

import type { IErrorGroup } from '../../api/types';
import { useServices, useWatched } from '../../context';
import { ago } from '../../format';
import type { FunctionPage } from '../../models/page';
import { ANY_CALL } from '../../models/history';
import { Failure } from './pageContext';

const MOST_VERSIONS = 6;

/** Errors of one kind at one place are one row, however often they came. */
export function Errors({ page }: { page: FunctionPage }): JSX.Element {
  const { trans } = useServices();
  useWatched(page.errors);
  const groups = page.errors.value;
  if (!groups?.length) {
    return (
      <>
        <Failure text={page.errors.error?.message ?? ''} />
        <p className="jp-faas-hint">
          {groups ? trans.__('No call has failed.') : trans.__('Loading …')}
        </p>
      </>
    );
  }
  return (
    <>
      <Failure text={page.errors.error?.message ?? ''} />
      <table className="jp-faas-grid">
        <thead>
          <tr>
            <th scope="col">{trans.__('Error')}</th>
            <th scope="col">{trans.__('Where')}</th>
            <th scope="col">{trans.__('Times')}</th>
            <th scope="col">{trans.__('First')}</th>
            <th scope="col">{trans.__('Last')}</th>
            <th scope="col">{trans.__('Versions')}</th>
            <th scope="col">
              <span className="jp-faas-unseen">{trans.__('Actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {groups.map(group => (
            <Group
              key={`${group.code} ${group.exception} ${group.cell} ${group.line}`}
              group={group}
              page={page}
            />
          ))}
        </tbody>
      </table>
    </>
  );
}

function Group({ group, page }: { group: IErrorGroup; page: FunctionPage }): JSX.Element {
  const { trans } = useServices();
  const where =
    group.cell && group.line
      ? trans.__('cell %1, line %2', group.cell, group.line)
      : (group.cell ?? '–');
  const versions = group.versions.slice(-MOST_VERSIONS).map(number => `v${number}`);
  return (
    <tr>
      <td className="jp-faas-message">
        <strong>{group.exception ?? group.code}</strong>
        <span title={group.message}>{group.message}</span>
      </td>
      <td>{where}</td>
      <td>{group.count}</td>
      <td title={group.first}>{ago(group.first)}</td>
      <td title={group.last}>{ago(group.last)}</td>
      <td>{versions.join(', ')}</td>
      <td className="jp-faas-actions">
        <button
          type="button"
          className="jp-faas-link"
          onClick={() => page.showCall(group.invocation)}
        >
          {trans.__('Newest call')}
        </button>
        <button
          type="button"
          className="jp-faas-link"
          onClick={() => {
            page.calls.filter = { ...ANY_CALL, code: group.code };
            page.section = 'calls';
          }}
        >
          {trans.__('All')}
        </button>
      </td>
    </tr>
  );
}
