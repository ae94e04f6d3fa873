/**
 * Lines of a log.
 */
import React from 'react';

import type { ILogEntry } from '../../api/types';
import { clock } from '../../format';

/** Each with its time and where it was written to; a click on `open` shows the call that wrote it. */
export const Lines = React.memo(function Lines(props: {
  entries: readonly ILogEntry[];
  open?: (invocation: string) => void;
}): JSX.Element {
  const { entries, open } = props;
  return (
    <div className="jp-faas-lines-of">
      {entries.map((entry, index) => (
        <div key={index} className="jp-faas-line" data-stream={entry.stream}>
          {open && entry.invocation ? (
            <button
              type="button"
              className="jp-faas-link"
              tabIndex={-1}
              title={entry.invocation}
              onClick={() => open(entry.invocation ?? '')}
            >
              <time dateTime={entry.time}>{clock(entry.time)}</time>
            </button>
          ) : (
            <time dateTime={entry.time}>{clock(entry.time)}</time>
          )}
          <span className="jp-faas-stream">{entry.stream}</span>
          <span>{entry.text}</span>
        </div>
      ))}
    </div>
  );
});
