import { nullTranslator } from '@jupyterlab/translation';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import React from 'react';

import type { ISummary } from '../src/api/types';
import { Chart } from '../src/components/charts/chart';
import { roundedUp, runs } from '../src/components/charts/scale';
import { Diff } from '../src/components/page/changes';
import { inWords } from '../src/components/page/caps';
import { DeletionView } from '../src/components/page/deletionView';
import { Row } from '../src/components/row';
import { Tabs } from '../src/components/tabs';
import { WindowedList } from '../src/components/windowedList';
import { type IServices, ServicesContext } from '../src/context';
import { describedType } from '../src/schemas';
import { hourOf, summaryOf } from './double';

const services = { trans: nullTranslator.load('test') } as unknown as IServices;

function show(element: JSX.Element): void {
  render(<ServicesContext.Provider value={services}>{element}</ServicesContext.Provider>);
}

function texts(selector: string): (string | null)[] {
  return [...document.querySelectorAll(selector)].map(node => node.textContent);
}

afterEach(cleanup);

describe('Row', () => {
  const row = (part: Partial<ISummary>): void =>
    show(<Row one={summaryOf('f', part)} tabIndex={0} open={() => undefined} />);

  it('tells of the last hour', () => {
    row({ hour: hourOf(42, 2, 10), state: 'live', instances: { idle: 1, busy: 2 } });
    expect(screen.getByLabelText('42 calls in the last hour, 2 failed')).toBeTruthy();
    expect(screen.getByLabelText('Live: 3 instances are up')).toBeTruthy();
    expect(texts('.jp-faas-row-figures')).toEqual(['10 ms · 20 ms']);
    expect(document.querySelectorAll('.jp-faas-bar-errors')).toHaveLength(1);
  });

  it('names aliases, with the version where it is another', () => {
    row({
      version: 4,
      aliases: {
        latest: { 4: 100 },
        prod: { 3: 90, 4: 10 },
        stage: { 4: 100 },
        old: { 1: 100 }
      }
    });
    expect(texts('.jp-faas-alias')).toEqual(['prod v3/4', 'stage', '+1']);
  });

  it('can not be opened before the first version is there', () => {
    row({ version: null, state: 'building', step: 'image', published: null });
    expect(screen.getByRole('button').hasAttribute('disabled')).toBe(true);
    expect(texts('.jp-faas-row-doc')[0]).toContain('image');
  });
});

describe('WindowedList', () => {
  it('has only the rows in sight, and one stop of the Tab key', () => {
    const items = [...Array(500).keys()];
    show(
      <WindowedList
        items={items}
        rowHeight={40}
        label="Numbers"
        keyOf={String}
        render={(item, tabIndex) => <button tabIndex={tabIndex}>{item}</button>}
      />
    );
    const buttons = screen.getAllByRole('button');
    expect(buttons.length).toBeLessThan(40);
    expect(buttons.filter(button => button.tabIndex === 0)).toHaveLength(1);
    fireEvent.keyDown(buttons[0]!, { key: 'ArrowDown' });
    expect(document.activeElement?.textContent).toBe('1');
    fireEvent.keyDown(document.activeElement!, { key: 'End' });
    expect(document.activeElement?.textContent).toBe('499');
    expect(document.activeElement?.parentElement?.getAttribute('aria-posinset')).toBe(
      '500'
    );
  });
});

describe('Tabs', () => {
  it('is driven by the arrow keys', () => {
    const chosen: string[] = [];
    const tab = (id: string): { id: string; title: string; render: () => string } => ({
      id,
      title: id,
      render: () => `content of ${id}`
    });
    show(
      <Tabs
        label="Tabs"
        tabs={[tab('a'), tab('b')]}
        chosen="a"
        choose={id => void chosen.push(id)}
      />
    );
    expect(screen.getByRole('tabpanel').textContent).toBe('content of a');
    fireEvent.keyDown(screen.getByRole('tab', { name: 'a' }), { key: 'ArrowLeft' });
    fireEvent.keyDown(screen.getByRole('tab', { name: 'a' }), { key: 'End' });
    expect(chosen).toEqual(['b', 'b']);
  });
});

describe('Chart', () => {
  const times = ['2026-01-01T00:00:00Z', '2026-01-01T00:02:00Z', '2026-01-01T00:04:00Z'];

  it('breaks lines where nothing was measured, and tells the values', () => {
    const values = [4, null, 8];
    show(
      <Chart
        title="Time"
        kind="lines"
        times={times}
        format={value => `${value} ms`}
        cap={{ name: 'cap', value: 10 }}
        series={[{ name: 'p50', style: 'p50', values }]}
      />
    );
    expect(document.querySelectorAll('polyline')).toHaveLength(2);
    expect(texts('.jp-faas-cap')).toEqual(['cap']);
    const drawing = screen.getByLabelText('Time: p50 ≤ 8 ms');
    fireEvent.keyDown(drawing, { key: 'ArrowLeft' });
    expect(texts('.jp-faas-legend b')).toEqual(['8 ms']);
    fireEvent.keyDown(drawing, { key: 'ArrowLeft' });
    expect(texts('.jp-faas-legend b')).toEqual(['–']);
  });

  it('says that there was nothing', () => {
    const series = [{ name: 'calls', style: 'calls', values: [0, 0, 0] }];
    show(
      <Chart title="Calls" kind="bars" times={times} format={String} series={series} />
    );
    expect(screen.getByText('Nothing in the last hour')).toBeTruthy();
    expect(document.querySelectorAll('.jp-faas-bars rect')).toHaveLength(0);
  });

  it('ends its scale at a round number', () => {
    expect([0, 0.3, 1, 1.2, 7, 42, 512].map(roundedUp)).toEqual([
      1, 0.5, 1, 2, 10, 50, 1000
    ]);
    expect(runs([null, 1, 2, null, 3]).map(run => run.length)).toEqual([2, 1]);
  });
});

describe('Diff', () => {
  it('tells lines that came from lines that went', () => {
    show(<Diff text={'--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n same'} />);
    expect(texts('.jp-mod-added')).toEqual(['+new\n']);
    expect(texts('.jp-mod-removed')).toEqual(['-old\n']);
    expect(texts('.jp-mod-file')).toHaveLength(2);
  });
});

describe('DeletionView', () => {
  it('says what goes', () => {
    const going = {
      versions: 3,
      aliases: ['latest', 'prod'],
      instances: 0,
      calls: 1,
      images: 2,
      bytes: 4096,
      invocations: 120
    };
    show(<DeletionView name="f" going={going} />);
    expect(texts('li')).toEqual([
      '3 versions',
      'the alias prod',
      '2 images (4.1 kB)',
      '120 calls of the history, with what they wrote'
    ]);
    expect(texts('.jp-faas-warning')).toEqual([
      '1 call is running; it may still finish.'
    ]);
  });
});

describe('words for schemas and caps', () => {
  it('describes types', () => {
    const root = { $defs: { Room: { type: 'object', title: 'Room' } } };
    const cases: [object, string][] = [
      [{ type: 'integer', minimum: 1, maximum: 7 }, 'integer from 1 to 7'],
      [{ type: 'array', items: { type: 'number' } }, 'list of number'],
      [{ enum: ['a', 'b'] }, '"a" | "b"'],
      [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 'string | null'],
      [{ $ref: '#/$defs/Room' }, 'Room'],
      [{ 'x-faas-type': 'pandas.DataFrame', type: 'array' }, 'pandas.DataFrame'],
      [{ type: 'string', format: 'date' }, 'string (date)'],
      [{ type: ['integer', 'null'] }, 'integer | null'],
      [{}, 'anything']
    ];
    for (const [schema, words] of cases) {
      expect(describedType(schema as never, root)).toBe(words);
    }
  });

  it('gives caps their unit', () => {
    expect(inWords('timeout_seconds', 30)).toBe('30 s');
    expect(inWords('memory_bytes', 256e6)).toBe('256 MB');
    expect(inWords('concurrency', 4)).toBe('4');
  });
});
