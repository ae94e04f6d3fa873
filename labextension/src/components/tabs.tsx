/**
 * Tabs (https://www.w3.org/WAI/ARIA/apg/patterns/tabs/).
 */
import React from 'react';

export interface ITab {
  readonly id: string;
  readonly title: string;
  readonly content: React.ReactNode;
}

/** One of several contents at a time; the arrow keys go from tab to tab. */
export function Tabs({
  label,
  tabs
}: {
  label: string;
  tabs: readonly ITab[];
}): JSX.Element {
  const [chosen, choose] = React.useState(tabs[0]!.id);
  const prefix = React.useId();
  const list = React.useRef<HTMLDivElement>(null);
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step !== undefined) {
      const index = tabs.findIndex(tab => tab.id === chosen);
      const next = (index + step + tabs.length) % tabs.length;
      choose(tabs[next]!.id);
      list.current?.querySelectorAll<HTMLElement>('[role="tab"]')[next]?.focus();
      event.preventDefault();
    }
  };
  const tab = tabs.find(one => one.id === chosen) ?? tabs[0]!;
  return (
    <div className="jp-faas-tabs">
      <div role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {tabs.map(({ id, title }) => (
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
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${prefix}panel`} aria-labelledby={`${prefix}${tab.id}`}>
        {tab.content}
      </div>
    </div>
  );
}
