import { ago, duration, size } from '../src/format';
import { curl, javascript, literal, python } from '../src/snippets';
import { functionNamed } from './double';

describe('snippets', () => {
  const one = functionNamed('my-f');

  it('quotes for the shell, and never holds a token', () => {
    const text = curl(one, { text: "it's" });
    expect(text).toContain(`-d '{"text":"it'\\''s"}'`);
    expect(text).toContain('$(jupyter faas token)');
    expect(curl(functionNamed('f', { public: true }), {})).not.toContain('token');
  });

  it('writes Python', () => {
    expect(python(one, { flag: true, nothing: null, rows: [{ a: 'x' }] })).toContain(
      'my_f(flag=True, nothing=None, rows=[{"a": "x"}])'
    );
    expect(literal([false, 1.5, 'é'])).toBe('[False, 1.5, "é"]');
  });

  it('writes JavaScript', () => {
    expect(javascript(one, { x: 1 })).toContain('FAAS_TOKEN');
  });

  it('writes a file as one that lies beside the notebook', () => {
    const text = python(one, { table: new File([], 'trips.csv'), q: 1 });
    expect(text).toContain('my_f(table=Path("trips.csv"), q=1)');
    expect(text).toContain('from pathlib import Path');
  });
});

describe('format', () => {
  it('writes durations and sizes as people read them', () => {
    expect([0.4, 12.3, 1300, 125_000].map(duration)).toEqual([
      '0.4 ms',
      '12 ms',
      '1.3 s',
      '2 min 5 s'
    ]);
    expect([512, 1500, 80e6, 2.5e9].map(size)).toEqual([
      '512 B',
      '1.5 kB',
      '80 MB',
      '2.5 GB'
    ]);
  });

  it('tells how long ago something was', () => {
    const now = Date.parse('2026-01-02T12:00:00Z');
    expect(ago('2026-01-02T11:59:55Z', now)).toBe('just now');
    expect(ago('2026-01-02T11:55:00Z', now)).toBe('5 min ago');
    expect(ago('2026-01-02T09:00:00Z', now)).toBe('3 h ago');
  });
});
