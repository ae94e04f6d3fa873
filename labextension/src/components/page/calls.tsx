/**
 * A function's calls.
 */
import React from 'react';

import type { IFunction } from '../../api/types';
import { useServices, useWatched } from '../../context';
import type { CallHistory } from '../../models/history';
import { CallFilter } from './callFilter';
import { CallDetails, CallRow, totalOf } from './callRow';

/** A table of calls, newest first; a click on one shows all that is known of it. */
export function Calls(props: { one: IFunction; history: CallHistory }): JSX.Element {
  const { one, history } = props;
  useWatched(history);
  const { calls, opened } = history;
  const toggle = (id: string): void => {
    history.opened = history.opened === id ? null : id;
  };
  const elsewhere = opened !== null && calls?.every(call => call.id !== opened);
  return (
    <div className="jp-faas-calls-section">
      <CallFilter one={one} history={history} />
      {history.error ? (
        <p className="jp-faas-error" role="alert">
          {history.error.message}
        </p>
      ) : null}
      {elsewhere && opened !== null ? <CallDetails id={opened} /> : null}
      {calls?.length ? (
        <CallTable one={one} history={history} toggle={toggle} />
      ) : (
        <NoCalls history={history} />
      )}
      <More history={history} />
    </div>
  );
}

function CallTable(props: {
  one: IFunction;
  history: CallHistory;
  toggle: (id: string) => void;
}): JSX.Element {
  const { trans } = useServices();
  const { history, one, toggle } = props;
  const calls = history.calls ?? [];
  const longest = Math.max(...calls.map(totalOf));
  return (
    <table className="jp-faas-calls">
      <thead>
        <tr>
          <th scope="col">{trans.__('When')}</th>
          <th scope="col">{trans.__('Status')}</th>
          <th scope="col">{trans.__('Version')}</th>
          <th scope="col">{trans.__('Start')}</th>
          <th scope="col">{trans.__('Time')}</th>
          <th scope="col">
            <span className="jp-faas-key jp-mod-queue" />
            {trans.__('queue')} <span className="jp-faas-key jp-mod-start" />
            {trans.__('start')} <span className="jp-faas-key jp-mod-run" />
            {trans.__('run')}
          </th>
          <th scope="col">{trans.__('Memory')}</th>
        </tr>
      </thead>
      <tbody>
        {calls.map(call => (
          <React.Fragment key={call.id}>
            <CallRow
              call={call}
              cap={one.caps.memory_bytes}
              longest={longest}
              open={history.opened === call.id}
              toggle={toggle}
            />
            {history.opened === call.id ? (
              <tr>
                <td colSpan={7}>
                  <CallDetails id={call.id} />
                </td>
              </tr>
            ) : null}
          </React.Fragment>
        ))}
      </tbody>
    </table>
  );
}

function NoCalls({ history }: { history: CallHistory }): JSX.Element | null {
  const { trans } = useServices();
  if (history.calls === undefined) {
    return history.error ? null : <p className="jp-faas-hint">{trans.__('Loading …')}</p>;
  }
  const filtered = Object.values(history.filter).some(Boolean);
  return (
    <p className="jp-faas-hint">
      {filtered
        ? history.more
          ? trans.__('None of the newest calls matches the filters.')
          : trans.__('No call matches the filters.')
        : trans.__('Nobody has called this function yet.')}
    </p>
  );
}

function More({ history }: { history: CallHistory }): JSX.Element | null {
  const { trans } = useServices();
  if (!history.more) {
    return null;
  }
  return (
    <div className="jp-faas-buttons">
      <button
        type="button"
        className="jp-faas-link"
        disabled={history.loading}
        onClick={() => void history.loadMore()}
      >
        {history.loading ? trans.__('Loading …') : trans.__('Show earlier calls')}
      </button>
    </div>
  );
}
