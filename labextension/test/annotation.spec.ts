import {
  annotated,
  annotationOf,
  publishable,
  withOption,
  wordsOf
} from '../src/models/annotation';

describe('annotationOf', () => {
  it.each([
    ['%%publish area --timeout 5s\nx = 1', 'area --timeout 5s', 'x = 1', true],
    ['%%publish\ndef f(): ...', '', 'def f(): ...', true],
    ['#| publish --timeout 5s\ndef f(): ...', '--timeout 5s', 'def f(): ...', true],
    ['%%publisher\nx', '', '%%publisher\nx', false],
    ['def f(): ...', '', 'def f(): ...', false]
  ])('reads %j', (source, options, body, isAnnotated) => {
    expect(annotationOf(source)).toEqual({ body, options, annotated: isAnnotated });
  });

  it('is undone by writing it again', () => {
    const source = '%%publish area --timeout 5s\nx = 1';
    const { body, options } = annotationOf(source);
    expect(annotated(body, options)).toBe(source);
    expect(annotated('x', '')).toBe('%%publish\nx');
  });
});

describe('publishable', () => {
  it.each([
    ['def f(x):\n    return x', true],
    ['import math\n\n@cache\nasync def f(x): ...', true],
    ['%%publish --output y\ny = 1', true],
    ['x = 1', false],
    ['class A:\n    def f(self): ...', false],
    ['%%bash\ndef f', false],
    ['', false]
  ])('%j: %s', (source, expected) => {
    expect(publishable(source)).toBe(expected);
  });
});

describe('options', () => {
  it('are divided as a shell does', () => {
    expect(wordsOf(`area --input "r: float = 1.0" --env 'A=it'\\''s' a\\ b`)).toEqual([
      'area',
      '--input',
      'r: float = 1.0',
      '--env',
      "A=it's",
      'a b'
    ]);
    expect(wordsOf('')).toEqual([]);
    expect(wordsOf('--check "f(1)')).toBeNull();
  });

  it('are set, changed and left out', () => {
    expect(withOption('', '--timeout', '5s')).toBe('--timeout 5s');
    expect(withOption('area --timeout 5s --public', '--timeout', '9s')).toBe(
      'area --timeout 9s --public'
    );
    expect(withOption('area --timeout=5s', '--timeout', null)).toBe('area');
    expect(withOption('--timeout 5s', '--public', '')).toBe('--timeout 5s --public');
    expect(withOption('--public --timeout 5s', '--public', null)).toBe('--timeout 5s');
  });
});
