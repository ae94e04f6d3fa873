/**
 * Arguments as JSON, for those who would rather write than fill in.
 */
import type { JSONValue } from '@lumino/coreutils';
import React from 'react';

import type { Arguments } from '../api/types';
import { useServices } from '../context';

/** An area for a JSON object; files that were chosen go along. */
export function RawArguments(props: {
  text: string;
  files: { [name: string]: File };
  change: (text: string) => void;
}): JSX.Element {
  const { trans } = useServices();
  const wrong = readArguments(props.text) === null;
  const files = Object.entries(props.files);
  return (
    <>
      <textarea
        className="jp-mod-styled"
        aria-label={trans.__('Arguments as JSON')}
        aria-invalid={wrong}
        rows={8}
        value={props.text}
        onChange={event => props.change(event.target.value)}
      />
      {files.map(([name, file]) => (
        <p key={name} className="jp-faas-hint">
          {trans.__('%1 goes along as the file %2.', name, file.name)}
        </p>
      ))}
      {wrong ? (
        <p className="jp-faas-error" role="alert">
          {trans.__('This is not a JSON object of named arguments yet.')}
        </p>
      ) : null}
    </>
  );
}

/** The named arguments that a text is; null if it is none. */
export function readArguments(text: string): Arguments | null {
  try {
    const value = JSON.parse(text) as JSONValue;
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? value
      : null;
  } catch {
    return null;
  }
}
