/**
 * A function's state, as a dot: filled if an instance is up, half if it is frozen, a ring if none is.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { FunctionState, ISummary } from '../api/types';
import { useServices } from '../context';

/** The dot; its words are for who doesn't see it, and for who points at it. */
export function StateDot({ one }: { one: ISummary }): JSX.Element {
  const { trans } = useServices();
  const text = `${stateWord(one.state, trans)}: ${explained(one, trans)}`;
  return (
    <span
      className={`jp-faas-dot jp-mod-${one.state}`}
      role="img"
      aria-label={text}
      title={text}
    />
  );
}

/** A state in one word. */
export function stateWord(state: FunctionState, trans: TranslationBundle): string {
  return {
    live: trans.__('Live'),
    building: trans.__('Building'),
    failing: trans.__('Failing'),
    idle: trans.__('Idle'),
    paused: trans.__('Paused')
  }[state];
}

function explained(one: ISummary, trans: TranslationBundle): string {
  switch (one.state) {
    case 'live': {
      const up = Object.values(one.instances).reduce((all, number) => all + number, 0);
      return trans._n('%1 instance is up', '%1 instances are up', up);
    }
    case 'building':
      return one.version === null
        ? trans.__('it is published for the first time')
        : trans.__('a new version is published; version %1 serves', one.version);
    case 'failing':
      return trans.__('its last calls have failed');
    case 'idle':
      return trans.__('no instance is up; the next call starts one');
    case 'paused':
      return trans.__('its instances are frozen; the next call wakes one');
  }
}
