/**
 * What a function wrote.
 */
import React from 'react';

import type { ILogEntry } from '../api/types';
import { useServices } from '../context';
import { clock } from '../format';

/** The lines, the newest in sight, filtered by text. */
export function Logs({ entries }: { entries: readonly ILogEntry[] }): JSX.Element {
  const { trans } = useServices();
  const [wanted, setWanted] = React.useState('');
  const end = React.useRef<HTMLDivElement>(null);
  const [follow, setFollow] = React.useState(true);
  const newest = entries[entries.length - 1]?.time;
  React.useEffect(() => {
    if (follow) {
      end.current?.scrollIntoView({ block: 'nearest' });
    }
  }, [newest, follow, wanted]);
  if (!entries.length) {
    return (
      <p className="jp-faas-hint">
        {trans.__('This function has not written anything yet.')}
      </p>
    );
  }
  const shown = entries.filter(entry =>
    entry.text.toLowerCase().includes(wanted.toLowerCase())
  );
  return (
    <div className="jp-faas-logs">
      <div className="jp-faas-tools">
        <input
          type="search"
          placeholder={trans.__('Search the lines')}
          aria-label={trans.__('Search the lines')}
          value={wanted}
          onChange={event => setWanted(event.target.value)}
        />
        <label>
          <input
            type="checkbox"
            checked={follow}
            onChange={event => setFollow(event.target.checked)}
          />
          {trans.__('Follow')}
        </label>
      </div>
      <div
        className="jp-faas-lines"
        tabIndex={0}
        role="log"
        aria-label={trans.__('Lines')}
      >
        {shown.map((entry, index) => (
          <div key={index} className="jp-faas-line" data-stream={entry.stream}>
            <time dateTime={entry.time}>{clock(entry.time)}</time>
            <span className="jp-faas-stream">{entry.stream}</span>
            <span>{entry.text}</span>
          </div>
        ))}
        <div ref={end} />
      </div>
    </div>
  );
}
