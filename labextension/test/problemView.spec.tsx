import { fireEvent, render, screen } from '@testing-library/react';
import React from 'react';

import { OutcomeView } from '../src/components/outcomeView';
import { ProblemView } from '../src/components/problemView';
import { ServicesContext } from '../src/context';
import { servicesDouble } from './services';

const frame = {
  file: 'handler.py',
  line: 9,
  function: 'f',
  text: 'raise ValueError(x)',
  cell: 'In[3]',
  cell_line: 2
};

function shown(element: JSX.Element, found: boolean = true): unknown[] {
  const asked: unknown[] = [];
  const services = servicesDouble({
    showLine: (notebook, one) => {
      asked.push([notebook, one.cell_line]);
      return found;
    }
  });
  render(<ServicesContext.Provider value={services}>{element}</ServicesContext.Provider>);
  return asked;
}

describe('a problem', () => {
  const problem = { title: 'The function raised', traceback: [frame] };

  it("leads to the notebook's line", () => {
    const asked = shown(<ProblemView problem={problem} notebook="a.ipynb" />);
    fireEvent.click(screen.getByText('cell In[3], line 2'));
    expect(asked).toEqual([['a.ipynb', 2]]);
    expect(screen.queryByRole('status')).toBeNull();
  });

  it('says so where no open notebook has that line', () => {
    shown(<ProblemView problem={problem} notebook="a.ipynb" />, false);
    fireEvent.click(screen.getByText('cell In[3], line 2'));
    expect(screen.getByRole('status').textContent).toContain('open a.ipynb');
  });
});

describe('an outcome', () => {
  it('of records is a table, with numbers on the right', () => {
    const value = [
      { city: 'Oslo', trips: 5 },
      { city: null, trips: 1 }
    ];
    shown(<OutcomeView outcome={{ kind: 'json', value }} notebook={null} />);
    expect(screen.getAllByRole('columnheader').map(one => one.textContent)).toEqual([
      'city',
      'trips'
    ]);
    expect(screen.getByText('5').className).toBe('jp-mod-number');
    expect(screen.getByText('2 rows')).toBeTruthy();
  });

  it.each([
    [[{ a: 1 }, { b: 1 }], '[\n  {\n    "a": 1\n  },\n  {\n    "b": 1\n  }\n]'],
    [[], '[]'],
    ['two\nlines', 'two\nlines']
  ])('of anything else is what it is: %j', (value, expected) => {
    const { container } = render(
      <ServicesContext.Provider value={servicesDouble()}>
        <OutcomeView outcome={{ kind: 'json', value }} notebook={null} />
      </ServicesContext.Provider>
    );
    expect(container.querySelector('pre')?.textContent).toBe(expected);
  });

  it('of a page runs nothing', () => {
    const page = {
      kind: 'text',
      text: '<script>x</script>',
      type: 'text/html'
    } as const;
    shown(<OutcomeView outcome={page} notebook={null} />);
    expect(screen.getByTitle('Result').getAttribute('sandbox')).toBe('');
  });
});
