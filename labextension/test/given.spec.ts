import type { IForm } from '../src/api/types';
import {
  drawn,
  FILE_FIELD,
  initial,
  isEmpty,
  JSON_FIELD
} from '../src/models/argumentForm';
import { bodyOf, filesOf, inOneLine, valuesOf } from '../src/models/given';
import { acceptFor, formsOf } from '../src/models/wanted';
import { functionNamed } from './double';

const file = new File(['a,b\n1,2\n'], 'trips.csv', { type: 'text/csv' });

describe('what is given', () => {
  it('is JSON without files', () => {
    expect(bodyOf({ q: 0.5, names: ['a'] })).toBe('{"q":0.5,"names":["a"]}');
    expect(bodyOf({})).toBe('{}');
  });

  it('is a form with files: they as they are, what else as JSON', () => {
    const form = bodyOf({ table: file, q: 0.5 }) as FormData;
    expect([...form.keys()].sort()).toEqual(['q', 'table']);
    expect((form.get('table') as File).name).toBe('trips.csv');
    expect((form.get('table') as File).type).toBe('text/csv');
    expect((form.get('q') as File).type).toBe('application/json');
  });

  it('is told apart, and written in one line', () => {
    const given = { table: file, q: 0.5, text: 'x' };
    expect(Object.keys(filesOf(given))).toEqual(['table']);
    expect(valuesOf(given)).toEqual({ q: 0.5, text: 'x' });
    expect(inOneLine(given)).toBe('table=trips.csv, q=0.5, text="x"');
  });
});

describe('the form', () => {
  const form: IForm = {
    schema: {
      title: 'f',
      description: 'What f does.',
      type: 'object',
      properties: {
        table: { title: 'Table', anyOf: [{ type: 'array' }, { type: 'string' }] },
        raw: { title: 'Raw', type: 'string', format: 'data-url' },
        anything: { title: 'Anything' },
        q: { title: 'q', type: 'number' }
      },
      required: ['table']
    },
    uiSchema: {
      table: {
        'ui:widget': 'file',
        'x-faas-json': true,
        'ui:options': { accept: '.csv' }
      },
      raw: { 'ui:widget': 'file', 'x-faas-json': false },
      q: { 'ui:widget': 'updown' }
    },
    formData: {},
    example: { table: [{ a: 1 }], raw: 'R0lG' }
  };

  it('has fields of our own for files and for values of any kind', () => {
    const { schema, uiSchema } = drawn(form);
    expect(schema['properties']).toEqual({
      table: { title: 'Table' },
      raw: { title: 'Raw' },
      anything: { title: 'Anything' },
      q: { title: 'q', type: 'number' }
    });
    expect(uiSchema['table']).toEqual({
      'ui:field': FILE_FIELD,
      'x-faas-json': true,
      'ui:options': { accept: '.csv' }
    });
    expect(uiSchema['anything']).toEqual({ 'ui:field': JSON_FIELD });
    expect(uiSchema['q']).toEqual({ 'ui:widget': 'updown' });
    expect(schema['title']).toBeUndefined(); // the page has said so
  });

  it('begins with the first example, else with made-up values but files', () => {
    expect(initial({ ...form, formData: { q: 1 } })).toEqual({ q: 1 });
    expect(initial(form)).toEqual({ table: [{ a: 1 }] });
  });

  it('is empty without parameters', () => {
    expect(isEmpty({ type: 'object', properties: {} })).toBe(true);
    expect(isEmpty({ type: 'object', additionalProperties: true })).toBe(false);
    expect(isEmpty(form.schema)).toBe(false);
  });
});

describe('acceptFor', () => {
  const giving = (...forms: string[]) =>
    functionNamed('f', { output_schema: { 'x-faas-media': forms } });

  it.each([
    ['a table', ['application/json', 'text/csv'], /^application\/json, /],
    ['a page', ['text/html', 'application/json'], /^application\/json, /],
    ['a stream', ['application/x-ndjson', 'text/event-stream'], /^application\/x-ndjson/],
    ['what nobody knows', [], /^application\/x-ndjson/],
    [
      'a whole notebook',
      ['application/json', 'text/html', 'application/x-ipynb+json'],
      /^text\/html, /
    ]
  ])('%s', (_, forms, expected) => {
    expect(acceptFor(giving(...forms))).toMatch(expected);
  });

  it('knows the forms where the schema tells them', () => {
    expect(formsOf(giving('text/csv'))).toEqual(['text/csv']);
    expect(formsOf(functionNamed('f'))).toEqual([]);
  });
});
