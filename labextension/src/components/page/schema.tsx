/**
 * What a function takes and gives, by its schemas.
 */
import type { JSONObject, JSONValue } from '@lumino/coreutils';
import React from 'react';

import type { IFunction } from '../../api/types';
import { useServices } from '../../context';
import { describedType } from '../../schemas';
import { Snippet } from './endpoint';

/** A row for each argument, and one for the result; the schemas themselves below. */
export function Schema({ one }: { one: IFunction }): JSX.Element {
  const { trans } = useServices();
  const properties = (one.input_schema['properties'] ?? {}) as Record<string, JSONObject>;
  const required = new Set((one.input_schema['required'] ?? []) as string[]);
  const root = one.input_schema;
  return (
    <section aria-label={trans.__('Arguments and result')}>
      <table className="jp-faas-grid">
        <thead>
          <tr>
            <th scope="col">{trans.__('Argument')}</th>
            <th scope="col">{trans.__('Type')}</th>
            <th scope="col">{trans.__('Default')}</th>
            <th scope="col">{trans.__('Description')}</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(properties).map(([name, schema]) => (
            <tr key={name}>
              <th scope="row">
                <code>{name}</code>
              </th>
              <td>{describedType(schema, root)}</td>
              <td>
                {required.has(name) ? trans.__('required') : written(schema['default'])}
              </td>
              <td>{text(schema['description'])}</td>
            </tr>
          ))}
          {one.output_schema ? (
            <tr className="jp-faas-result-row">
              <th scope="row">{trans.__('Result')}</th>
              <td>{describedType(one.output_schema, one.output_schema)}</td>
              <td />
              <td>{text(one.output_schema['description'])}</td>
            </tr>
          ) : null}
        </tbody>
      </table>
      <details>
        <summary>{trans.__('JSON Schema')}</summary>
        <Snippet
          title={trans.__('Arguments')}
          text={JSON.stringify(one.input_schema, null, 2)}
        />
        {one.output_schema ? (
          <Snippet
            title={trans.__('Result')}
            text={JSON.stringify(one.output_schema, null, 2)}
          />
        ) : null}
      </details>
    </section>
  );
}

function written(value: JSONValue | undefined): string {
  return value === undefined ? '–' : JSON.stringify(value);
}

function text(value: JSONValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
