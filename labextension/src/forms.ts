/**
 * The form for a function's arguments, from its JSON Schema (2020-12).
 */
import type { JSONObject, ReadonlyJSONObject } from '@lumino/coreutils';
import type { RJSFSchema, UiSchema } from '@rjsf/utils';
import { customizeValidator } from '@rjsf/validator-ajv8';
import Ajv2020 from 'ajv/dist/2020';

type FormUi = UiSchema<ReadonlyJSONObject>;

/** Checks what is typed in before it is sent. */
export const validator = customizeValidator<ReadonlyJSONObject>({
  AjvClass: Ajv2020,
  ajvOptionsOverrides: { strict: false }
});

/** The schema as the form takes it, and which widgets it uses where. */
export function formOf(inputs: JSONObject): { schema: RJSFSchema; uiSchema: FormUi } {
  const { $schema: _, ...schema } = inputs;
  const uiSchema: FormUi = {};
  const properties = (schema['properties'] ?? {}) as Record<
    string,
    Record<string, unknown>
  >;
  for (const [name, property] of Object.entries(properties)) {
    const widget = widgetOf(property);
    if (widget) {
      uiSchema[name] = { 'ui:widget': widget };
    }
  }
  return { schema: schema, uiSchema };
}

function widgetOf(property: Record<string, unknown>): string | null {
  if (property['contentEncoding'] === 'base64') {
    return 'file';
  }
  if (property['type'] === 'string' && !property['format'] && !property['enum']) {
    const longest = Number(property['maxLength'] ?? 0);
    return longest > 200 ? 'textarea' : null;
  }
  return null;
}
