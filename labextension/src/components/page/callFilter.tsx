/**
 * Which calls are shown.
 */
import React from 'react';

import type { IFunction } from '../../api/types';
import { useServices } from '../../context';
import { ANY_CALL, type CallHistory, type ICallFilter } from '../../models/history';

const MOST_VERSIONS = 20;

/** A choice for each thing that calls are told apart by. */
export function CallFilter(props: { one: IFunction; history: CallHistory }): JSX.Element {
  const { trans } = useServices();
  const { one, history } = props;
  const { filter } = history;
  const set = (part: Partial<ICallFilter>): void => {
    history.filter = { ...filter, ...part };
  };
  const versions = [...Array(Math.min(one.version, MOST_VERSIONS)).keys()].map(index =>
    String(one.version - index)
  );
  return (
    <div
      className="jp-faas-tools"
      role="search"
      aria-label={trans.__('Filter the calls')}
    >
      <Choice
        label={trans.__('Outcome')}
        value={filter.code ? `code:${filter.code}` : filter.status}
        choose={value =>
          value.startsWith('code:')
            ? set({ status: '', code: value.slice('code:'.length) })
            : set({ status: value, code: '' })
        }
        options={[
          ['', trans.__('Any outcome')],
          ['2xx', trans.__('Succeeded')],
          ['4xx', trans.__('Refused (4xx)')],
          ['5xx', trans.__('Failed (5xx)')],
          ...CODES.map((code): [string, string] => [`code:${code}`, code]),
          ...(filter.code && !CODES.includes(filter.code)
            ? [[`code:${filter.code}`, filter.code] as [string, string]]
            : [])
        ]}
      />
      <Choice
        label={trans.__('Version')}
        value={filter.version}
        choose={version => set({ version })}
        options={[
          ['', trans.__('Any version')],
          ...versions.map((version): [string, string] => [version, `v${version}`])
        ]}
      />
      <Choice
        label={trans.__('Age')}
        value={filter.since}
        choose={since => set({ since })}
        options={[
          ['', trans.__('Any time')],
          ['10m', trans.__('Last 10 minutes')],
          ['1h', trans.__('Last hour')],
          ['24h', trans.__('Last day')],
          ['7d', trans.__('Last week')]
        ]}
      />
      <Choice
        label={trans.__('Duration')}
        value={filter.min_duration}
        choose={min_duration => set({ min_duration })}
        options={[
          ['', trans.__('Any duration')],
          ['100ms', trans.__('Ran for 0.1 s or longer')],
          ['1s', trans.__('Ran for 1 s or longer')],
          ['10s', trans.__('Ran for 10 s or longer')]
        ]}
      />
      <button
        type="button"
        className="jp-mod-styled jp-mod-minimal"
        disabled={!Object.values(filter).some(Boolean)}
        onClick={() => {
          history.filter = ANY_CALL;
        }}
      >
        {trans.__('Clear')}
      </button>
    </div>
  );
}

const CODES: readonly string[] = [
  'handler-error',
  'timeout',
  'out-of-memory',
  'crashed',
  'init-error',
  'saturated'
];

function Choice(props: {
  label: string;
  value: string;
  choose: (value: string) => void;
  options: readonly (readonly [string, string])[];
}): JSX.Element {
  return (
    <select
      aria-label={props.label}
      value={props.value}
      onChange={event => props.choose(event.target.value)}
    >
      {props.options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
}
