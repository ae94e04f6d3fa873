/**
 * Tabs (https://www.w3.org/WAI/ARIA/apg/patterns/tabs/).
 */
import React from 'react';

export interface ITab {
  readonly id: string;
  readonly title: string;
  /** Shown beside the title. */
  readonly count?: number;
  readonly render: () => React.ReactNode;
}

interface ITabsProps {
  readonly label: string;
  readonly tabs: readonly ITab[];
  readonly chosen: string;
  readonly choose: (id: string) => void;
}

/** One of several contents at a time; the arrow keys go from tab to tab. */
export function Tabs({ label, tabs, chosen, choose }: ITabsProps): JSX.Element {
  const prefix = React.useId();
  const list = React.useRef<HTMLDivElement>(null);
  const index = Math.max(
    0,
    tabs.findIndex(tab => tab.id === chosen)
  );
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const next = {
      ArrowRight: (index + 1) % tabs.length,
      ArrowLeft: (index - 1 + tabs.length) % tabs.length,
      Home: 0,
      End: tabs.length - 1
    }[event.key];
    if (next !== undefined) {
      choose(tabs[next]!.id);
      list.current?.querySelectorAll<HTMLElement>('[role="tab"]')[next]?.focus();
      event.preventDefault();
    }
  };
  const tab = tabs[index]!;
  return (
    <div className="jp-faas-tabs">
      <div role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {tabs.map(({ id, title, count }) => (
          <button
            key={id}
            id={`${prefix}${id}`}
            type="button"
            role="tab"
            aria-selected={id === tab.id}
            aria-controls={`${prefix}panel`}
            tabIndex={id === tab.id ? 0 : -1}
            onClick={() => choose(id)}
          >
            {title}
            {count ? <span className="jp-faas-count">{count}</span> : null}
          </button>
        ))}
      </div>
      <div
        role="tabpanel"
        id={`${prefix}panel`}
        key={tab.id}
        aria-labelledby={`${prefix}${tab.id}`}
      >
        {tab.render()}
      </div>
    </div>
  );
}
