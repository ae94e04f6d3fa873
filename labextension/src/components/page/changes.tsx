/**
 * What is new in a version.
 */
import React from 'react';

import { useAnswer, useServices } from '../../context';
import { Failure, usePage } from './pageContext';

/** The changes in words, those that break callers first, and the source's. */
export function Changes({ version }: { version: number }): JSX.Element {
  const { trans } = useServices();
  const page = usePage();
  const [since, setSince] = React.useState('');
  const { value, error } = useAnswer(`${version} ${since}`, () =>
    page.requests.differences(page.name, version, since ? Number(since) : undefined)
  );
  const others = (page.versions.value?.versions ?? [])
    .map(one => one.version)
    .filter(number => number !== version);
  return (
    <section
      className="jp-faas-changes"
      aria-label={trans.__('Changes of version %1', version)}
    >
      <label>
        {trans.__('Compared with')}{' '}
        <select value={since} onChange={event => setSince(event.target.value)}>
          <option value="">{trans.__('the one before')}</option>
          {others.map(number => (
            <option key={number} value={number}>
              v{number}
            </option>
          ))}
        </select>
      </label>
      <Failure text={error?.message ?? ''} />
      {value ? (
        <>
          {value.changes.length ? (
            <ul>
              {value.changes.map((change, index) => (
                <li key={index} className={change.breaking ? 'jp-mod-breaking' : ''}>
                  <span className="jp-faas-part">{change.part}</span> {change.what}
                  {change.breaking ? (
                    <span className="jp-faas-badge">{trans.__('breaks callers')}</span>
                  ) : null}
                </li>
              ))}
            </ul>
          ) : (
            <p className="jp-faas-hint">
              {trans.__('Nothing that callers or calls see.')}
            </p>
          )}
          {value.source ? <Diff text={value.source} /> : null}
        </>
      ) : error ? null : (
        <p className="jp-faas-hint">{trans.__('Loading …')}</p>
      )}
    </section>
  );
}

/** A unified diff. */
export function Diff({ text }: { text: string }): JSX.Element {
  const { trans } = useServices();
  return (
    <pre
      className="jp-faas-diff"
      tabIndex={0}
      aria-label={trans.__('Changes of the source')}
    >
      {text.split('\n').map((line, index) => (
        <span key={index} className={`jp-mod-${kindOf(line)}`}>
          {line}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}

/** What a line of a diff is. */
export function kindOf(line: string): 'file' | 'place' | 'added' | 'removed' | 'same' {
  if (line.startsWith('+++') || line.startsWith('---')) {
    return 'file';
  }
  const kinds = { '@': 'place', '+': 'added', '-': 'removed' } as const;
  return kinds[line[0] as keyof typeof kinds] ?? 'same';
}
