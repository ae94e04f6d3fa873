/**
 * A row's last hour, as small as a word.
 */
import React from 'react';

import { useServices } from '../../context';

const WIDTH = 60;
const HEIGHT = 16;

/** A bar for each piece of the hour; the failed part of it is red, and at the bottom. */
export function Sparkline(props: {
  calls: readonly number[];
  errors: readonly number[];
}): JSX.Element {
  const { trans } = useServices();
  const { calls, errors } = props;
  const most = Math.max(1, ...calls);
  const step = WIDTH / calls.length;
  const heightOf = (number: number): number =>
    number ? Math.max(1.5, (HEIGHT * number) / most) : 0;
  const made = sum(calls);
  const failed = sum(errors);
  const text = failed
    ? trans.__('%1 calls in the last hour, %2 failed', made, failed)
    : trans._n('%1 call in the last hour', '%1 calls in the last hour', made);
  return (
    <svg
      className="jp-faas-sparkline"
      role="img"
      aria-label={text}
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
    >
      <title>{text}</title>
      <line x1={0} x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
      {calls.map((number, index) =>
        number ? (
          <React.Fragment key={index}>
            <rect
              className="jp-faas-bar-calls"
              x={index * step}
              y={HEIGHT - heightOf(number)}
              width={step - 0.5}
              height={heightOf(number)}
            />
            {errors[index] ? (
              <rect
                className="jp-faas-bar-errors"
                x={index * step}
                y={HEIGHT - heightOf(errors[index])}
                width={step - 0.5}
                height={heightOf(errors[index])}
              />
            ) : null}
          </React.Fragment>
        ) : null
      )}
    </svg>
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
