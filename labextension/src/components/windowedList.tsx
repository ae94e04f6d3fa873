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
  /** A row; its button has the `tabIndex`, so that the list is one stop of the Tab key. */
  readonly render: (item: T, tabIndex: number) => React.ReactNode;
}

/** Rows that come and go as one scrolls; the arrow keys go from row to row. */
export function WindowedList<T>(props: IWindowedListProps<T>): JSX.Element {
  const { items, rowHeight } = props;
  const ref = React.useRef<HTMLDivElement>(null);
  const [top, setTop] = React.useState(0);
  const [height, setHeight] = React.useState(600);
  const [active, setActive] = React.useState(0);
  const focusing = React.useRef(false);
  React.useLayoutEffect(() => {
    const node = ref.current!;
    const observer = new ResizeObserver(() => setHeight(node.clientHeight));
    observer.observe(node);
    return () => observer.disconnect();
  }, []);
  const current = Math.min(active, Math.max(0, items.length - 1));
  React.useEffect(() => {
    if (focusing.current) {
      focusing.current = false;
      ref.current?.querySelector<HTMLElement>(`[data-row="${current}"] button`)?.focus();
    }
  });
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(height / rowHeight) - 1);
    const next = {
      ArrowDown: current + 1,
      ArrowUp: current - 1,
      PageDown: current + page,
      PageUp: current - page,
      Home: 0,
      End: items.length - 1
    }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      const index = Math.min(items.length - 1, Math.max(0, next));
      focusing.current = true;
      setActive(index);
      scrollTo(ref.current!, index * rowHeight, rowHeight);
      setTop(ref.current!.scrollTop);
    }
  };
  const first = Math.max(0, Math.floor(top / rowHeight) - SPARE);
  const last = Math.min(items.length, Math.ceil((top + height) / rowHeight) + SPARE);
  // The row that the Tab key goes to stays, even out of sight.
  const rows = [...Array(Math.max(0, last - first)).keys()].map(index => first + index);
  if (items.length && current < first) {
    rows.unshift(current);
  } else if (items.length && current >= last) {
    rows.push(current);
  }
  return (
    <div
      className="jp-faas-list"
      ref={ref}
      onScroll={event => setTop(event.currentTarget.scrollTop)}
      onKeyDown={onKeyDown}
    >
      <ul aria-label={props.label} style={{ height: items.length * rowHeight }}>
        {rows.map(index => (
          <li
            key={props.keyOf(items[index]!)}
            data-row={index}
            aria-setsize={items.length}
            aria-posinset={index + 1}
            style={{ height: rowHeight, top: index * rowHeight }}
            onFocus={() => setActive(index)}
          >
            {props.render(items[index]!, index === current ? 0 : -1)}
          </li>
        ))}
      </ul>
    </div>
  );
}

function scrollTo(node: HTMLElement, top: number, height: number): void {
  if (top < node.scrollTop) {
    node.scrollTop = top;
  } else if (top + height > node.scrollTop + node.clientHeight) {
    node.scrollTop = top + height - node.clientHeight;
  }
}
