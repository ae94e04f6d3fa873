/**
 * What deleting a function takes away.
 */
import React from 'react';

import type { IDeletion } from '../../api/types';
import { useServices } from '../../context';
import { size } from '../../format';

/** The list of it, for the question whether to go on. */
export function DeletionView({
  name,
  going
}: {
  name: string;
  going: IDeletion;
}): JSX.Element {
  const { trans } = useServices();
  const others = going.aliases.filter(alias => alias !== 'latest');
  const parts = [
    trans._n('%1 version', '%1 versions', going.versions),
    others.length
      ? trans._n('the alias %2', 'the aliases %2', others.length, others.join(', '))
      : '',
    going.instances
      ? trans._n('%1 running instance', '%1 running instances', going.instances)
      : '',
    going.images
      ? trans._n('%1 image (%2)', '%1 images (%2)', going.images, size(going.bytes))
      : '',
    going.invocations
      ? trans._n(
          '%1 call of the history, with what it wrote',
          '%1 calls of the history, with what they wrote',
          going.invocations
        )
      : ''
  ].filter(Boolean);
  return (
    <div className="jp-faas-deletion">
      <p>{trans.__('This goes, and can not be had back:')}</p>
      <ul>
        {parts.map(part => (
          <li key={part}>{part}</li>
        ))}
      </ul>
      {going.calls ? (
        <p className="jp-faas-warning">
          {trans._n(
            '%1 call is running; it may still finish.',
            '%1 calls are running; they may still finish.',
            going.calls
          )}
        </p>
      ) : null}
      <p>{trans.__('Calls of %1 are answered 404 then.', name)}</p>
    </div>
  );
}
