/**
 * What the panel says when it has no functions to show.
 */
import React from 'react';

import { useServices } from '../context';
import type { Catalogue, Condition } from '../models/catalogue';

interface INoticeProps {
  readonly catalogue: Catalogue;
  readonly condition: Exclude<Condition, { kind: 'running' }>;
}

/** Why there is nothing to see, and what helps. */
export function Notice({ catalogue, condition }: INoticeProps): JSX.Element {
  const { trans } = useServices();
  switch (condition.kind) {
    case 'loading':
      return <p className="jp-faas-hint">{trans.__('Looking for the gateway …')}</p>;
    case 'starting':
      return (
        <p className="jp-faas-hint" role="status">
          {trans.__('Starting a gateway …')}
        </p>
      );
    case 'outdated':
      return (
        <div className="jp-faas-notice" role="alert">
          <p>
            {trans.__(
              'The running gateway is older than this panel. End it with “jupyter faas stop”, and start one here.'
            )}
          </p>
        </div>
      );
    case 'unreachable':
      return (
        <div className="jp-faas-notice" role="alert">
          <p>
            {condition.missing
              ? trans.__(
                  'This Jupyter server does not have the server extension of jupyter-faas. Install the ' +
                    'package jupyter-faas where the server runs, and restart it.'
                )
              : trans.__('The Jupyter server does not answer. Is it still running?')}
          </p>
        </div>
      );
    case 'stopped':
      return (
        <div className="jp-faas-notice" role="alert">
          <p>{trans.__('No gateway is running: functions can not be called now.')}</p>
          {condition.problem?.detail ? <pre>{condition.problem.detail}</pre> : null}
          {condition.startable ? (
            <button
              type="button"
              className="jp-mod-styled jp-mod-accept"
              onClick={() => void catalogue.startGateway()}
            >
              {trans.__('Start a gateway')}
            </button>
          ) : null}
        </div>
      );
  }
}
