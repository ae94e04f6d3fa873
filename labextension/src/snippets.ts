/**
 * The same call in other programs' words.
 */
import type { Arguments, IFunction } from './api/types';
import { filesOf, type Given } from './models/given';

/** A ready call for a terminal. The token is taken from the environment, never written down. */
export function curl(one: IFunction, args: Arguments): string {
  const lines = [`curl ${one.url}`];
  if (!one.public) {
    lines.push(`-H "Authorization: Bearer $(jupyter faas token)"`);
  }
  lines.push(`-H "Content-Type: application/json"`, `-d ${shell(JSON.stringify(args))}`);
  return lines.join(' \\\n  ');
}

/** A ready call for Python; a file is named where it would lie beside the notebook. */
export function python(one: IFunction, given: Given): string {
  const files = Object.keys(filesOf(given)).length;
  const written = Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${literal(value)}`);
  const variable = one.name.replaceAll('-', '_');
  return [
    ...(files ? ['from pathlib import Path', ''] : []),
    'from jupyter_faas import connect',
    '',
    `${variable} = connect()[${JSON.stringify(one.name)}]`,
    `${variable}(${written.join(', ')})`
  ].join('\n');
}

/** A ready call for a page or a program in JavaScript. */
export function javascript(one: IFunction, args: Arguments): string {
  const token = one.public
    ? ''
    : '\n    Authorization: `Bearer ${process.env.FAAS_TOKEN}`,';
  return [
    `const response = await fetch(${JSON.stringify(one.url)}, {`,
    "  method: 'POST',",
    `  headers: {${token}`,
    "    'Content-Type': 'application/json'",
    '  },',
    `  body: JSON.stringify(${JSON.stringify(args)})`,
    '});',
    'const result = await response.json();'
  ].join('\n');
}

/** A value as Python writes it. */
export function literal(value: unknown): string {
  if (value === null || value === undefined) {
    return 'None';
  }
  if (typeof value === 'boolean') {
    return value ? 'True' : 'False';
  }
  if (value instanceof File) {
    return `Path(${JSON.stringify(value.name)})`;
  }
  if (Array.isArray(value)) {
    return `[${value.map(literal).join(', ')}]`;
  }
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(
      ([name, item]) => `${JSON.stringify(name)}: ${literal(item)}`
    );
    return `{${entries.join(', ')}}`;
  }
  return JSON.stringify(value);
}

function shell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
