/**
 * Records as a table.
 */
import React from 'react';

import { useServices } from '../context';

const MAX_ROWS = 200;

export type Rows = readonly Record<string, unknown>[];

/** Whether a value is records with the same keys, as a DataFrame gives them. */
export function isTable(value: unknown): value is Rows {
  if (!Array.isArray(value) || !value.length) {
    return false;
  }
  const keys = keysOf(value[0]);
  return keys !== null && keys !== '' && value.every(row => keysOf(row) === keys);
}

/** The first rows; numbers stand on the right. */
export function Table({ rows }: { rows: Rows }): JSX.Element {
  const { trans } = useServices();
  const columns = Object.keys(rows[0]!);
  return (
    <div className="jp-faas-table jp-RenderedHTMLCommon" tabIndex={0} role="group">
      <table>
        <thead>
          <tr>
            {columns.map(column => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MAX_ROWS).map((row, index) => (
            <tr key={index}>
              {columns.map(column => (
                <td
                  key={column}
                  className={typeof row[column] === 'number' ? 'jp-mod-number' : ''}
                >
                  {shown(row[column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="jp-faas-hint">
        {rows.length > MAX_ROWS
          ? trans.__('%1 of %2 rows', MAX_ROWS, rows.length)
          : trans._n('%1 row', '%1 rows', rows.length)}
      </p>
    </div>
  );
}

function keysOf(row: unknown): string | null {
  return typeof row === 'object' && row !== null && !Array.isArray(row)
    ? Object.keys(row).join('\n')
    : null;
}

function shown(value: unknown): string {
  if (value === null || value === undefined) {
    return '';
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}
