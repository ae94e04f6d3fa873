/**
 * The form for a function's arguments, as the gateway describes it, for react-jsonschema-form.
 */
import type { JSONObject, JSONValue } from '@lumino/coreutils';

import type { IForm } from '../api/types';
import type { Given } from './given';

/** Names of the fields that are drawn here, not by JupyterLab's form. */
export const FILE_FIELD = 'faasFile';
export const JSON_FIELD = 'faasJson';

const TELLING = ['type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', '$ref'];

/** The form with our own fields where there is no widget: files, and values of any kind. */
export function drawn(form: IForm): Pick<IForm, 'schema' | 'uiSchema'> {
  const schema = without(form.schema, 'title', 'description');
  const properties = { ...((schema['properties'] ?? {}) as Properties) };
  const uiSchema: { [name: string]: JSONValue } = { ...form.uiSchema };
  for (const [name, property] of Object.entries(properties)) {
    const hint = (uiSchema[name] ?? {}) as JSONObject;
    const field = fieldFor(property, hint);
    if (field !== null) {
      // What fits is for the gateway to say: a file isn't what the schema describes.
      const { title, description } = property;
      properties[name] = { ...(title && { title }), ...(description && { description }) };
      uiSchema[name] = { ...without(hint, 'ui:widget'), 'ui:field': field };
    }
  }
  return { schema: { ...schema, properties }, uiSchema };
}

/** What the form begins with: the first example, else made-up arguments without files. */
export function initial(form: IForm): Given {
  if (Object.keys(form.formData).length) {
    return form.formData;
  }
  const given = Object.entries(form.example).filter(([name]) => {
    const hint = (form.uiSchema[name] ?? {}) as JSONObject;
    return !isFile(hint) || hint['x-faas-json'];
  });
  return Object.fromEntries(given);
}

/** Whether there is anything to fill in. */
export function isEmpty(schema: JSONObject): boolean {
  const properties = (schema['properties'] ?? {}) as Properties;
  return !Object.keys(properties).length && !schema['additionalProperties'];
}

type Properties = { [name: string]: JSONObject };

function fieldFor(property: JSONObject, hint: JSONObject): string | null {
  if (isFile(hint)) {
    return FILE_FIELD;
  }
  return TELLING.some(member => member in property) ? null : JSON_FIELD;
}

function isFile(hint: JSONObject): boolean {
  return hint['ui:widget'] === 'file';
}

function without(object: JSONObject, ...names: readonly string[]): JSONObject {
  return Object.fromEntries(
    Object.entries(object).filter(([name]) => !names.includes(name))
  );
}
