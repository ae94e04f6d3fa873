/**
 * How much of a cap is used.
 */
import React from 'react';

const NEARLY = 0.9;

/** A bar that is red where little is left. The browser's own `meter` looks different in each, and like nothing here. */
export function Meter(props: {
  value: number;
  most: number;
  label: string;
}): JSX.Element {
  const share = Math.min(1, props.most > 0 ? props.value / props.most : 0);
  return (
    <span
      className="jp-faas-meter"
      role="meter"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={props.most}
      aria-valuenow={props.value}
      title={props.label}
    >
      <span
        className={share > NEARLY ? 'jp-mod-nearly' : ''}
        style={{ width: `${100 * share}%` }}
      />
    </span>
  );
}
