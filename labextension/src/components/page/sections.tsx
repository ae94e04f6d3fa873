/**
 * The sections of a function's page, in their order. What a function gets besides (schedules, secrets, tokens)
 * gets its place here.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IFunction } from '../../api/types';
import type { FunctionPage } from '../../models/page';
import type { Tries } from '../../models/tries';
import type { ITab } from '../tabs';
import { TryIt } from '../tryIt';
import { Activity } from './activity';
import { Calls } from './calls';
import { Caps } from './caps';
import { Endpoint } from './endpoint';
import { Errors } from './errors';
import { Logs } from './logs';
import { Versions } from './versions';

interface ISectionProps {
  readonly one: IFunction;
  readonly page: FunctionPage;
  readonly tries: Tries;
  readonly trans: TranslationBundle;
}

export function sectionsOf({ one, page, tries, trans }: ISectionProps): readonly ITab[] {
  return [
    {
      id: 'try',
      title: trans.__('Try it'),
      render: () => <TryIt one={one} tries={tries} done={() => void page.refresh()} />
    },
    {
      id: 'activity',
      title: trans.__('Activity'),
      render: () => <Activity one={one} page={page} />
    },
    {
      id: 'calls',
      title: trans.__('Calls'),
      render: () => <Calls one={one} history={page.calls} />
    },
    { id: 'logs', title: trans.__('Logs'), render: () => <Logs log={page.log} /> },
    { id: 'errors', title: trans.__('Errors'), render: () => <Errors page={page} /> },
    {
      id: 'versions',
      title: trans.__('Versions'),
      count: one.versions > 1 ? one.versions : undefined,
      render: () => <Versions page={page} />
    },
    {
      id: 'caps',
      title: trans.__('Caps'),
      render: () => <Caps page={page} />
    },
    { id: 'endpoint', title: trans.__('Endpoint'), render: () => <Endpoint one={one} /> }
  ];
}
