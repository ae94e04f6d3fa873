/**
 * What a function writes, as it writes it.
 */
import React from 'react';

import { useServices, useWatched } from '../../context';
import type { Follower } from '../../models/follower';
import { Lines } from './lines';
import { Failure, usePage } from './pageContext';

const TYPING = 300; // ms without a key before what was typed is looked for
const AT_END = 24; // px

const LEVELS: readonly string[] = [
  'debug',
  'info',
  'warning',
  'error',
  'stdout',
  'stderr',
  'faas'
];

/** The lines, the newest in sight unless one has scrolled away from them. */
export function Logs({ log }: { log: Follower }): JSX.Element {
  const { trans } = useServices();
  const page = usePage();
  useWatched(log);
  const box = React.useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = React.useState(true);
  const lines = log.lines ?? [];
  const newest = lines[lines.length - 1];
  React.useLayoutEffect(() => {
    if (atEnd && box.current) {
      box.current.scrollTop = box.current.scrollHeight;
    }
  }, [newest, atEnd, lines.length]);
  const open = React.useCallback((id: string) => page.showCall(id), [page]);
  const toEnd = (): void => setAtEnd(true);
  return (
    <div className="jp-faas-logs">
      <LogTools log={log} />
      <Failure text={log.error && log.following === 'lost' ? log.error.message : ''} />
      {log.missed ? (
        <p className="jp-faas-warning">
          {trans._n(
            '%1 line came too fast to be shown here.',
            '%1 lines came too fast to be shown here.',
            log.missed
          )}{' '}
          <button type="button" className="jp-faas-link" onClick={() => log.again()}>
            {trans.__('Read them')}
          </button>
        </p>
      ) : null}
      <div
        className="jp-faas-lines"
        ref={box}
        tabIndex={0}
        role="log"
        aria-label={trans.__('Lines')}
        onScroll={event => {
          const node = event.currentTarget;
          setAtEnd(node.scrollHeight - node.scrollTop - node.clientHeight < AT_END);
        }}
      >
        {log.more ? (
          <button
            type="button"
            className="jp-faas-link jp-faas-earlier"
            onClick={() => void log.loadMore()}
          >
            {trans.__('Show earlier lines')}
          </button>
        ) : null}
        {lines.length ? (
          <Lines entries={lines} open={open} />
        ) : (
          <p className="jp-faas-hint">
            {log.lines === undefined
              ? trans.__('Loading …')
              : log.filter.text || log.filter.level
                ? trans.__('No line matches.')
                : trans.__('This function has not written anything yet.')}
          </p>
        )}
      </div>
      {atEnd ? null : (
        <button
          type="button"
          className="jp-mod-styled jp-mod-reject jp-faas-to-end"
          onClick={toEnd}
        >
          {trans.__('To the newest')}
        </button>
      )}
    </div>
  );
}

function LogTools({ log }: { log: Follower }): JSX.Element {
  const { trans } = useServices();
  const { text, level } = log.filter;
  const [typed, setTyped] = React.useState(text);
  React.useEffect(() => {
    if (typed === log.filter.text) {
      return;
    }
    const timer = setTimeout(() => {
      log.filter = { ...log.filter, text: typed };
    }, TYPING);
    return () => clearTimeout(timer);
  }, [typed, log]);
  const state = {
    connecting: trans.__('Connecting …'),
    following: trans.__('Following'),
    lost: trans.__('The connection is lost; it is tried again soon')
  }[log.following];
  return (
    <div className="jp-faas-tools">
      <input
        type="search"
        placeholder={trans.__('Search the lines')}
        aria-label={trans.__('Search the lines')}
        value={typed}
        onChange={event => setTyped(event.target.value)}
      />
      <select
        aria-label={trans.__('Level or stream')}
        value={level}
        onChange={event => {
          log.filter = { ...log.filter, level: event.target.value };
        }}
      >
        <option value="">{trans.__('Everything')}</option>
        {LEVELS.map(each => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
      <span className={`jp-faas-following jp-mod-${log.following}`} role="status">
        {state}
      </span>
    </div>
  );
}
