/**
 * A list of rows of one height of which only those in sight are in the page.
 */
import React from 'react';

const SPARE = 6;

export interface IWindowedListProps<T> {
  readonly items: readonly T[];
  readonly rowHeight: number;
  readonly label: string;
  readonly keyOf: (item: T) => string;
  readonly render: (item: T) => React.ReactNode;
}

/** Rows that come and go as one scrolls. */
export function WindowedList<T>(props: IWindowedListProps<T>): JSX.Element {
  const { items, rowHeight } = props;
  const ref = React.useRef<HTMLDivElement>(null);
  const [top, setTop] = React.useState(0);
  const [height, setHeight] = React.useState(600);
  React.useLayoutEffect(() => {
    const node = ref.current!;
    const observer = new ResizeObserver(() => setHeight(node.clientHeight));
    observer.observe(node);
    return () => observer.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(top / rowHeight) - SPARE);
  const last = Math.min(items.length, Math.ceil((top + height) / rowHeight) + SPARE);
  return (
    <div
      className="jp-faas-list"
      ref={ref}
      onScroll={event => setTop(event.currentTarget.scrollTop)}
    >
      <ul aria-label={props.label} style={{ height: items.length * rowHeight }}>
        {items.slice(first, last).map((item, index) => (
          <li
            key={props.keyOf(item)}
            aria-setsize={items.length}
            aria-posinset={first + index + 1}
            style={{ height: rowHeight, top: (first + index) * rowHeight }}
          >
            {props.render(item)}
          </li>
        ))}
      </ul>
    </div>
  );
}
