/**
 * JSON Schemas in a few words.
 */
import type { JSONObject, JSONValue } from '@lumino/coreutils';

const MOST_CHOICES = 6;
const DEEPEST = 4;

/** What a value may be: `number from 0 to 1`, `list of string`, `"a" | "b"`. */
export function describedType(schema: JSONValue, root: JSONObject, depth = 0): string {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    return 'anything';
  }
  const ref = schema['$ref'];
  if (typeof ref === 'string') {
    const found = resolved(ref, root);
    return found && depth < DEEPEST ? describedType(found, root, depth + 1) : 'object';
  }
  const real = schema['x-faas-type'];
  if (typeof real === 'string') {
    return real;
  }
  const choices = (schema['anyOf'] ?? schema['oneOf']) as JSONValue[] | undefined;
  if (choices && depth < DEEPEST) {
    return [...new Set(choices.map(one => describedType(one, root, depth + 1)))].join(
      ' | '
    );
  }
  const values = schema['enum'] as JSONValue[] | undefined;
  if (values) {
    const some = values.slice(0, MOST_CHOICES).map(value => JSON.stringify(value));
    return [...some, ...(values.length > MOST_CHOICES ? ['…'] : [])].join(' | ');
  }
  if ('const' in schema) {
    return JSON.stringify(schema['const']);
  }
  return named(schema, root, depth);
}

function named(schema: JSONObject, root: JSONObject, depth: number): string {
  const type = schema['type'];
  if (Array.isArray(type)) {
    return type
      .map(each => describedType({ ...schema, type: each }, root, depth + 1))
      .join(' | ');
  }
  if (type === 'array' && depth < DEEPEST) {
    const items = schema['items'];
    return items === undefined
      ? 'list'
      : `list of ${describedType(items, root, depth + 1)}`;
  }
  if (type === 'object' && typeof schema['title'] === 'string') {
    return schema['title'];
  }
  if (typeof type !== 'string') {
    return 'anything';
  }
  const format = typeof schema['format'] === 'string' ? ` (${schema['format']})` : '';
  return `${type}${format}${bounds(schema)}`;
}

function bounds(schema: JSONObject): string {
  const low = schema['minimum'] ?? schema['exclusiveMinimum'];
  const high = schema['maximum'] ?? schema['exclusiveMaximum'];
  if (low !== undefined && high !== undefined) {
    return ` from ${JSON.stringify(low)} to ${JSON.stringify(high)}`;
  }
  if (low !== undefined) {
    return ` from ${JSON.stringify(low)}`;
  }
  return high === undefined ? '' : ` to ${JSON.stringify(high)}`;
}

function resolved(ref: string, root: JSONObject): JSONValue | undefined {
  let found: JSONValue | undefined = root;
  for (const part of ref.replace(/^#\/?/, '').split('/').filter(Boolean)) {
    found = (found as JSONObject | undefined)?.[part];
  }
  return found;
}
