/**
 * Which versions an alias leads to, and how many of its calls each gets.
 */
import React from 'react';

import type { Shares } from '../../api/types';
import { useServices } from '../../context';
import type { FunctionPage } from '../../models/page';
import { Failure, useChange } from './pageContext';

interface IPart {
  readonly version: string;
  readonly share: string;
}

/** A row for each version; an alias without a name is a new one. */
export function AliasEditor(props: {
  page: FunctionPage;
  alias: string;
  shares: Shares;
  close: () => void;
}): JSX.Element {
  const { trans } = useServices();
  const { page, close } = props;
  const [name, setName] = React.useState(props.alias);
  const [parts, setParts] = React.useState<readonly IPart[]>(() =>
    Object.entries(props.shares).map(([version, share]) => ({
      version,
      share: String(share)
    }))
  );
  const { busy, error, change } = useChange();
  const versions = (page.versions.value?.versions ?? []).map(one => String(one.version));
  const set = (index: number, part: Partial<IPart>): void =>
    setParts(parts.map((one, at) => (at === index ? { ...one, ...part } : one)));
  const free = versions.find(number => parts.every(part => part.version !== number));
  const fault = faultIn(name, parts, trans);
  const save = async (): Promise<void> => {
    const shares = Object.fromEntries(
      parts.map(part => [part.version, Number(part.share)])
    );
    if (await change(() => page.moveAlias(name.trim(), shares))) {
      close();
    }
  };
  return (
    <div
      className="jp-faas-alias-editor"
      role="group"
      aria-label={trans.__('Move an alias')}
    >
      {props.alias ? null : (
        <label>
          {trans.__('Name')}{' '}
          <input
            type="text"
            value={name}
            placeholder="prod"
            onChange={event => setName(event.target.value)}
          />
        </label>
      )}
      {parts.map((part, index) => (
        <div key={index} className="jp-faas-alias-part">
          <select
            aria-label={trans.__('Version')}
            value={part.version}
            onChange={event => set(index, { version: event.target.value })}
          >
            {[...new Set([...versions, part.version])].map(number => (
              <option key={number} value={number}>
                v{number}
              </option>
            ))}
          </select>
          <input
            type="number"
            min={1}
            max={100}
            aria-label={trans.__('Share of v%1 in percent', part.version)}
            value={part.share}
            onChange={event => set(index, { share: event.target.value })}
          />
          %
          {parts.length > 1 ? (
            <button
              type="button"
              className="jp-faas-link"
              onClick={() => setParts(parts.filter((_, at) => at !== index))}
            >
              {trans.__('Leave out')}
            </button>
          ) : null}
        </div>
      ))}
      {free ? (
        <button
          type="button"
          className="jp-faas-link"
          onClick={() => setParts(withOneMore(parts, free))}
        >
          {trans.__('Share with another version')}
        </button>
      ) : null}
      <Failure text={error || fault} />
      <div className="jp-faas-buttons">
        <button
          type="button"
          className="jp-mod-styled jp-mod-accept"
          disabled={busy || fault !== ''}
          onClick={() => void save()}
        >
          {busy ? trans.__('Moving …') : trans.__('Move')}
        </button>
        <button type="button" className="jp-mod-styled jp-mod-reject" onClick={close}>
          {trans.__('Cancel')}
        </button>
      </div>
    </div>
  );
}

/** Another version gets a tenth of the calls, from the first one's. */
function withOneMore(parts: readonly IPart[], version: string): readonly IPart[] {
  const [first, ...rest] = parts;
  const left = Math.max(1, Number(first?.share ?? 100) - 10);
  return [
    ...(first ? [{ ...first, share: String(left) }] : []),
    ...rest,
    { version, share: '10' }
  ];
}

function faultIn(
  name: string,
  parts: readonly IPart[],
  trans: ReturnType<typeof useServices>['trans']
): string {
  if (!name.trim()) {
    return trans.__('Give the alias a name.');
  }
  const sum = parts.reduce((all, part) => all + Number(part.share), 0);
  if (sum !== 100) {
    return trans.__('The shares are %1 % together, not 100 %.', sum);
  }
  const twice = parts.some(
    (part, index) => parts.findIndex(one => one.version === part.version) !== index
  );
  return twice ? trans.__('A version is named twice.') : '';
}
