/**
 * How a function's aliases were moved.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IMove } from '../../api/types';
import { useServices } from '../../context';
import { ago } from '../../format';

/** The moves, newest first, folded away. */
export function Moves({ moves }: { moves: readonly IMove[] }): JSX.Element | null {
  const { trans } = useServices();
  if (!moves.length) {
    return null;
  }
  return (
    <details className="jp-faas-moves">
      <summary>{trans.__('How the aliases were moved')}</summary>
      <ul>
        {moves.map((move, index) => (
          <li key={index}>
            <time dateTime={move.moved} title={move.moved}>
              {ago(move.moved)}
            </time>{' '}
            {told(move, trans)}
            {move.author ? ` (${move.author})` : ''}
          </li>
        ))}
      </ul>
    </details>
  );
}

function told(move: IMove, trans: TranslationBundle): string {
  const [from, to] = [written(move.before), written(move.after)];
  switch (move.reason) {
    case 'publish':
      return trans.__('%1 to %2: published', move.alias, to);
    case 'rollback':
      if (Number(move.after) > Number(move.before)) {
        return trans.__('%1 from %2 to %3', move.alias, from, to);
      }
      return trans.__('%1 from %2 back to %3', move.alias, from, to);
    case 'removed':
      return trans.__('%1 removed from %2', move.alias, from);
    case 'alias':
      return move.before
        ? trans.__('%1 from %2 to %3', move.alias, from, to)
        : trans.__('%1 to %2', move.alias, to);
  }
}

/** `7:90,8:10` as people read it. */
function written(versions: string | null): string {
  return (versions ?? '')
    .split(',')
    .map(part => {
      const [number, share] = part.split(':');
      return share ? `v${number} ${share} %` : `v${number}`;
    })
    .join(' + ');
}
