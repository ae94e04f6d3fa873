/**
 * In which form a result is asked for.
 */
import type { IFunction } from '../api/types';

export const NDJSON = 'application/x-ndjson';
const JSON_TYPE = 'application/json';
const HTML = 'text/html';
const NOTEBOOK = 'application/x-ipynb+json';

const VALUES = `${JSON_TYPE}, image/png;q=0.8, ${HTML};q=0.7, */*;q=0.5`;
const PAGE = `${HTML}, ${JSON_TYPE};q=0.9, */*;q=0.5`;
/** For functions whose schema doesn't tell what they give: a stream is shown as it comes. */
const UNKNOWN = `${NDJSON}, ${JSON_TYPE};q=0.9, image/png;q=0.8, ${HTML};q=0.7, */*;q=0.5`;

/** The forms that a result can have, the default first; none if that isn't known. */
export function formsOf(one: IFunction): readonly string[] {
  const forms = one.output_schema?.['x-faas-media'];
  return Array.isArray(forms) ? (forms as string[]) : [];
}

/** The `Accept` (RFC 9110) of a try whose author has chosen no form. */
export function acceptFor(one: IFunction): string {
  const forms = formsOf(one);
  if (!forms.length || forms[0] === NDJSON) {
    return UNKNOWN;
  }
  return forms.includes(NOTEBOOK) ? PAGE : VALUES;
}
