/**
 * A cell's annotation: whether and how it is published.
 */

/** A cell's source without its annotation, and the annotation's options as they are written. */
export interface IAnnotated {
  readonly body: string;
  readonly options: string;
  /** Whether the cell is annotated at all. */
  readonly annotated: boolean;
}

const MAGIC = /^%%publish\b[ \t]*(.*)(?:\n|$)/;
const COMMENT = /^#\|[ \t]*publish\b[ \t]*(.*)(?:\n|$)/;
const DEFINES = /^(?:@|(?:async[ \t]+)?def[ \t]+\w)/m;

/** Read the first line of a cell. */
export function annotationOf(source: string): IAnnotated {
  const match = MAGIC.exec(source) ?? COMMENT.exec(source);
  if (match === null) {
    return { body: source, options: '', annotated: false };
  }
  return {
    body: source.slice(match[0].length),
    options: (match[1] ?? '').trim(),
    annotated: true
  };
}

/** Whether a cell could be published: it defines a function, or says itself that it is one. */
export function publishable(source: string): boolean {
  const { body, annotated } = annotationOf(source);
  return annotated || (!body.trimStart().startsWith('%%') && DEFINES.test(body));
}

/** The cell with its annotation. */
export function annotated(body: string, options: string): string {
  return `%%publish${options ? ` ${options}` : ''}\n${body}`;
}

/** The words of an option line, as a shell divides them; null where a quote isn't closed. */
export function wordsOf(options: string): string[] | null {
  const words: string[] = [];
  let rest = options.trim();
  while (rest) {
    const match = /^(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+/.exec(rest);
    if (match === null) {
      return null;
    }
    words.push(unquoted(match[0]));
    rest = rest.slice(match[0].length).trimStart();
  }
  return words;
}

/** The options with `name` set to `value`, or without it if that is null. */
export function withOption(options: string, name: string, value: string | null): string {
  const written = new RegExp(
    `(^|\\s)${name}(?:[ =]+(?:'[^']*'|"[^"]*"|(?!--)[^\\s]+))?(?=\\s|$)`
  );
  const flag = value === '' ? name : `${name} ${value}`;
  if (value === null) {
    return options.replace(written, '').trim();
  }
  return written.test(options)
    ? options.replace(written, (_, before: string) => before + flag)
    : `${options} ${flag}`.trim();
}

function unquoted(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g,
    (_, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replace(/\\(["\\])/g, '$1') ?? escaped ?? ''
  );
}
