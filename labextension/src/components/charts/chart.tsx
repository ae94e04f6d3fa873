/**
 * A small chart over the pieces of an hour: bars or lines, a legend that tells the values under the pointer.
 */
import React from 'react';

import { useServices } from '../../context';
import { clock } from '../../format';
import { roundedUp, runs } from './scale';

const HEIGHT = 110;
const LEFT = 56;
const BOTTOM = 18;
const TOP = 6;

export interface ISeries {
  readonly name: string;
  /** Of the style: `calls`, `errors`, `p50` … */
  readonly style: string;
  readonly values: readonly (number | null)[];
}

export interface IChartProps {
  readonly title: string;
  readonly kind: 'bars' | 'lines';
  /** When each piece begins. */
  readonly times: readonly string[];
  /** Bars lie one in front of another, the last in front. */
  readonly series: readonly ISeries[];
  readonly format: (value: number) => string;
  /** A line that the values shouldn't cross, shown if they come near. */
  readonly cap?: { readonly name: string; readonly value: number };
}

/** The chart; the arrow keys go from piece to piece. */
export function Chart(props: IChartProps): JSX.Element {
  const { trans } = useServices();
  const { title, times, series, format } = props;
  const [box, width] = useWidth();
  const [at, setAt] = React.useState<number | null>(null);
  const largest = Math.max(
    0,
    ...series.flatMap(each => each.values.map(value => value ?? 0))
  );
  const cap = props.cap && largest > props.cap.value / 4 ? props.cap : undefined;
  const top = roundedUp(Math.max(largest, cap?.value ?? 0));
  const inner = Math.max(40, width - LEFT - 8);
  const step = inner / times.length;
  const x = (index: number): number => LEFT + (index + 0.5) * step;
  const y = (value: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const none = series.every(each => each.values.every(value => !value));
  const move = (event: React.KeyboardEvent): void => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by !== undefined) {
      const next = (at ?? times.length) + by;
      setAt(Math.min(times.length - 1, Math.max(0, next)));
      event.preventDefault();
    }
  };
  return (
    <figure className="jp-faas-chart" ref={box}>
      <figcaption>
        <span className="jp-faas-chart-title">{title}</span>
        <span className="jp-faas-legend" aria-live="polite">
          {at !== null ? <span>{clock(times[at] ?? '')}</span> : null}
          {series.map(each => (
            <span key={each.style}>
              <span className={`jp-faas-key jp-mod-${each.style}`} />
              {each.name}
              {at !== null ? <b>{shown(each.values[at], format)}</b> : null}
            </span>
          ))}
        </span>
      </figcaption>
      <svg
        role="img"
        aria-label={`${title}: ${spoken(props, trans.__('nothing in the last hour'))}`}
        tabIndex={0}
        width="100%"
        height={HEIGHT}
        onKeyDown={move}
        onBlur={() => setAt(null)}
        onMouseLeave={() => setAt(null)}
        onMouseMove={event => {
          const left = event.currentTarget.getBoundingClientRect().left;
          const index = Math.floor((event.clientX - left - LEFT) / step);
          setAt(index >= 0 && index < times.length ? index : null);
        }}
      >
        {[0, top / 2, top].map(value => (
          <g key={value} className="jp-faas-tick">
            <line x1={LEFT} x2={LEFT + inner} y1={y(value)} y2={y(value)} />
            {none && value > 0 ? null : (
              <text x={LEFT - 6} y={y(value) + 4} textAnchor="end">
                {format(value)}
              </text>
            )}
          </g>
        ))}
        {times.map((time, index) =>
          index % 10 === 0 ? (
            <text key={time} className="jp-faas-time" x={x(index)} y={HEIGHT - 4}>
              {shortClock(time)}
            </text>
          ) : null
        )}
        {at !== null ? (
          <rect
            className="jp-faas-at"
            x={x(at) - step / 2}
            y={TOP}
            width={step}
            height={HEIGHT - TOP - BOTTOM}
          />
        ) : null}
        {series.map(each =>
          props.kind === 'bars' ? (
            <Bars key={each.style} one={each} x={x} y={y} width={Math.max(1, step - 2)} />
          ) : (
            <Lines key={each.style} one={each} x={x} y={y} />
          )
        )}
        {cap ? (
          <g className="jp-faas-cap">
            <line x1={LEFT} x2={LEFT + inner} y1={y(cap.value)} y2={y(cap.value)} />
            <text x={LEFT + inner} y={y(cap.value) + 12} textAnchor="end">
              {cap.name}
            </text>
          </g>
        ) : null}
      </svg>
      {none ? (
        <p className="jp-faas-chart-none">{trans.__('Nothing in the last hour')}</p>
      ) : null}
    </figure>
  );
}

interface IDrawn {
  readonly one: ISeries;
  readonly x: (index: number) => number;
  readonly y: (value: number) => number;
}

function Bars({ one, x, y, width }: IDrawn & { width: number }): JSX.Element {
  return (
    <g className={`jp-faas-bars jp-mod-${one.style}`}>
      {one.values.map((value, index) =>
        value ? (
          <rect
            key={index}
            x={x(index) - width / 2}
            y={y(value)}
            width={width}
            height={Math.max(1, y(0) - y(value))}
          />
        ) : null
      )}
    </g>
  );
}

function Lines({ one, x, y }: IDrawn): JSX.Element {
  return (
    <g className={`jp-faas-line-of jp-mod-${one.style}`}>
      {runs(one.values).map(run => (
        <React.Fragment key={run[0]!.index}>
          <polyline
            points={run.map(({ index, value }) => `${x(index)},${y(value)}`).join(' ')}
          />
          {run.map(({ index, value }) => (
            <circle
              key={index}
              cx={x(index)}
              cy={y(value)}
              r={run.length > 1 ? 1.5 : 2.5}
            />
          ))}
        </React.Fragment>
      ))}
    </g>
  );
}

/** The width of an element, as it changes. */
function useWidth(): [React.RefObject<HTMLElement>, number] {
  const ref = React.useRef<HTMLElement>(null);
  const [width, setWidth] = React.useState(480);
  React.useLayoutEffect(() => {
    const node = ref.current!;
    const observer = new ResizeObserver(() => setWidth(node.clientWidth));
    observer.observe(node);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}

function spoken({ series, format }: IChartProps, nothing: string): string {
  const parts = series.flatMap(each => {
    const values = each.values.filter((value): value is number => value !== null);
    const largest = Math.max(0, ...values);
    return largest ? [`${each.name} ≤ ${format(largest)}`] : [];
  });
  return parts.join(', ') || nothing;
}

function shown(
  value: number | null | undefined,
  format: (value: number) => string
): string {
  return value === null || value === undefined ? '–' : format(value);
}

function shortClock(time: string): string {
  return new Date(time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}
