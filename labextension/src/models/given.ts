/**
 * The arguments of a try: JSON values, and files as they were chosen or dropped.
 */
import type { JSONValue } from '@lumino/coreutils';

import type { Arguments } from '../api/types';

/** Arguments by name. */
export type Given = { readonly [name: string]: JSONValue | File };

const JSON_TYPE = 'application/json';

/** Those that are files. */
export function filesOf(given: Given): { [name: string]: File } {
  const files = Object.entries(given).filter(([, value]) => value instanceof File);
  return Object.fromEntries(files) as { [name: string]: File };
}

/** Those that are not. */
export function valuesOf(given: Given): Arguments {
  const values = Object.entries(given).filter(
    ([, value]) => value !== undefined && !(value instanceof File)
  );
  return Object.fromEntries(values) as Arguments;
}

/** The body of a call: JSON, or a form with a part for each argument if there are files. */
export function bodyOf(given: Given): string | FormData {
  const files = Object.entries(filesOf(given));
  const values = valuesOf(given);
  if (!files.length) {
    return JSON.stringify(values);
  }
  const form = new FormData();
  for (const [name, value] of Object.entries(values)) {
    form.append(name, new Blob([JSON.stringify(value)], { type: JSON_TYPE }), name);
  }
  for (const [name, file] of files) {
    form.append(name, file, file.name);
  }
  return form;
}

/** The arguments in one line: `q=0.5, table=trips.csv`. */
export function inOneLine(given: Given): string {
  return Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) =>
        `${name}=${value instanceof File ? value.name : JSON.stringify(value)}`
    )
    .join(', ');
}
