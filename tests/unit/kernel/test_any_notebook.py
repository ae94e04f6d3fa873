"""What the kernel answers, the captured function answers in a clean interpreter: notebooks at random.

Each notebook is made of idioms, executed in any order, and of what is done to them afterwards: they are run
again, changed, shadowed, deleted. One function asks all of them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.kernel.notebook import open_notebook

# A cell with names of its own (# is a number), cells that may be run after it, and what is asked.
IDIOMS: dict[str, tuple[str, list[str], str]] = {
    "helper": ("def h#(x): return x + 1", ["def h#(x): return x + 10", "h# = h#"], "h#(1)"),
    "global": ("G# = 1\ndef g#(): return G#", ["G# = 5", "G# += 1", "G# = [1, {'a': (2, None)}]"], "g#()"),
    "mutated": ("L# = [1]\nM# = L#", ["L#.append(2)", "M#.clear()", "L# = L# + [3]"], "[L#, M#, L# is M#]"),
    "closure": (
        "def make#(n):\n    def inner(x): return x * n\n    return inner\nc# = make#(3)",
        ["c# = make#(4)", "del make#", "c#.tag = 'x'"],
        "[c#(2), getattr(c#, 'tag', None)]",
    ),
    "state": (
        "def counter#():\n    n = 0\n    def up():\n        nonlocal n\n        n += 1\n        return n\n"
        "    def now(): return n\n    return up, now\nup#, now# = counter#()",
        ["up#()", "up#(); up#()"],
        "[up#(), now#()]",
    ),
    "shadowed": (
        "def sum(xs): return 'mine'\n"
        "def s#(): return sum([1, 2])", ["del sum", "max = min"], "[s#(), max(1, 2)]"
    ),
    "decorated": (
        "import functools\ndef loud#(f):\n    @functools.wraps(f)\n"
        "    def inner(*a, **k): return [f(*a, **k)]\n"
        "    return inner\n@loud#\ndef d#(x=2):\n    'Doc.'\n    return x",
        ["d# = loud#(d#)", "def loud#(f): return f"],
        "[d#(), d#.__doc__, d#.__name__]",
    ),
    "cached": (
        "import functools\n@functools.lru_cache(maxsize=8)\ndef q#(n): return 1 if n < 2 else n * q#(n - 1)",
        ["q#(5)", "q# = functools.lru_cache(q#.__wrapped__)"],
        "q#(6)",
    ),
    "dispatch": (
        "import functools\n@functools.singledispatch\ndef t#(x): return 'any'\n@t#.register\n"
        "def _(x: int): return 'int'",
        ["@t#.register(list)\ndef _(x): return 'list'", "t#.register(str, lambda x: x)"],
        "[t#(1), t#([]), t#('s'), t#(None)]",
    ),
    "context": (
        "import contextlib\n@contextlib.contextmanager\ndef held#(x):\n    yield [x]\n"
        "def u#():\n    with held#(3) as x: return x",
        [],
        "u#()",
    ),
    "dataclass": (
        "from dataclasses import dataclass, field\n@dataclass(order=True)\nclass D#:\n    n: int = 2\n"
        "    xs: list = field(default_factory=lambda: [K#])\nK# = 7",
        ["K# = 8", "D#.n = 9", "D#.more = lambda self: self.n + 1", "e# = [D#(1), D#(0)]"],
        "[repr(D#()), D#(1) < D#(2)]",
    ),
    "class": (
        "import functools\nclass B#:\n    size = 1\n    def __init__(self): self.v = self.size\n"
        "    @functools.cached_property\n    def twice(self): return 2 * self.v\n"
        "    @staticmethod\n    def st(): return 's'\n"
        "    @classmethod\n    def new(cls): return cls()\n"
        "class C#(B#):\n    size = B#.size + 1\n    def __add__(self, o): return self.v + o.v\n"
        "    def __len__(self): return super().__len__() if hasattr(super(), '__len__') else 4",
        ["C#.size = 6", "B#.twice = property(lambda _: 'p')", "C#.__len__ = lambda self: 5", "B#.size = 3"],
        "[(C#.new() + B#()), C#().twice, len(C#()), C#.st()]",
    ),
    "factory": (
        "def mk#(base, n):\n    class K(base):\n        k = n * 2\n        def f(self): return self.k + n\n"
        "    return K\nclass P#: p = 1\nF# = mk#(P#, 3)",
        ["F# = mk#(F#, 1)", "del mk#", "P#.p = 2", "F#.k = 0", "i# = [F#(), F#()]"],
        "[F#().f(), F#.p, F#.__qualname__.split('.')[-1]]",
    ),
    "meta": (
        "class Meta#(type):\n    def __new__(m, name, bases, ns):\n        ns['tag'] = name[:2]\n"
        "        return super().__new__(m, name, bases, ns)\nclass O#(metaclass=Meta#): pass",
        ["class O#(metaclass=Meta#): extra = 1"],
        "[O#.tag, getattr(O#, 'extra', 0)]",
    ),
    "descriptor": (
        "class Pos#:\n    def __set_name__(self, owner, name): self.name = '_' + name\n"
        "    def __get__(self, obj, kind): return self if obj is None else getattr(obj, self.name, -1)\n"
        "    def __set__(self, obj, value): setattr(obj, self.name, abs(value))\nclass W#:\n    w = Pos#()",
        ["w# = W#()\nw#.w = -3"],
        "(lambda o: [o.w, setattr(o, 'w', -2), o.w])(W#())",
    ),
    "subclasses": (
        "class R#:\n    known = {}\n    def __init_subclass__(cls, **kw):\n"
        "        R#.known[cls.__name__] = cls\n"
        "class S#(R#): x = 1",
        ["class T#(R#): x = 2", "R#.known['S#'].x = 5"],
        "sorted(one.x for name, one in R#.known.items() if name == 'S#')",
    ),
    "abstract": (
        "import abc, functools, typing\nclass A#(abc.ABC):\n    @abc.abstractmethod\n    def go(self): ...\n"
        "@functools.total_ordering\nclass X#(A#):\n    def __init__(self, n): self.n = n\n"
        "    def go(self): return self.n\n"
        "    def __eq__(self, o): return self.n == o.n\n    def __lt__(self, o): return self.n < o.n\n"
        "@typing.runtime_checkable\nclass Goes#(typing.Protocol):\n    def go(self): ...",
        ["X#.go = lambda self: -self.n"],
        "[X#(1) >= X#(0), X#(2).go(), isinstance(X#(1), Goes#), isinstance(X#(1), A#)]",
    ),
    "enum": (
        "import enum\nclass E#(enum.Enum):\n    A = 1\n    B = enum.auto()\n    @property\n"
        "    def low(self): return self.name.lower()",
        ["E#.A.note = 'n'", "m# = {E#.A: 1}"],
        "[E#.B.low, E#(1).name]",
    ),
    "forms": (
        "from collections import namedtuple\nfs# = ['a', 'b']\nN# = namedtuple('N#', fs#)\nr# = [N#(1, 2)]",
        ["fs#.append('c')", "del fs#"],
        "[r#[0].b, list(N#(3, 4))]",
    ),
    "attributes": (
        "import itertools, time\ndef load#(): return {'t': time.time()}\nclass V#:\n    table = load#()\n"
        "    ids = itertools.count(3)\n    n = len(table)",
        ["next(V#.ids)", "del load#", "V#.table['x'] = 1"],
        "[V#.table, next(V#.ids) > 0, V#.n]",
    ),
    "async": (
        "import asyncio\nasync def a#(x):\n    await asyncio.sleep(0)\n    return x + 1\n"
        "def y#(): \n    async def both(): return [await a#(1), [x async for x in z#()]]\n    return both\n"
        "async def z#():\n    yield 1",
        [],
        "asyncio.new_event_loop().run_until_complete(y#()())",
    ),
    "imports": (
        "from math import *\nimport os.path as p\nfrom json import dumps as dump#\ntry:\n"
        "    import no_such_thing as q\n"
        "except ImportError:\n    q = None\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from decimal import Decimal",
        ["def floor(x): return 'floor'"],
        "[floor(2.5), p.join('a', 'b'), dump#([1]), q, TYPE_CHECKING]",
    ),
    "global statement": (
        "def begin#():\n    global N#\n    N# = 4\ndef more#():\n    global N#\n    N# += 1\n"
        "    return N#\nbegin#()",
        ["more#()", "N# = 0"],
        "more#()",
    ),
    "syntax": (
        "def m#(v):\n    match v:\n        case {'k': [first, *_]}: return first\n"
        "        case int() | float() as n if n > 1: return n\n"
        "        case _: return [last := x * B for x in range(3)] + [last]\nB = 2",
        ["B = 3"],
        "[m#({'k': [5]}), m#(2), m#(0), (lambda *a, k=B, **kw: [*a, k, kw])(1, z=2)]",
    ),
    "partial": (
        "import functools, operator\ndef pow#(base, exp): return base**exp\n"
        "w# = functools.partial(pow#, exp=2)\n"
        "ops# = {'add': operator.add, 'own': lambda a, b: a - b}",
        ["ops#['mul'] = lambda a, b: a * b", "w# = functools.partial(w#, 3)"],
        "[sorted(ops#), ops#['own'](5, 3), w#(3) if not w#.args else w#()]",
    ),
}  # fmt: skip


@st.composite
def notebooks(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Cells, and the expressions that the function returns; each idiom's own cell comes first."""
    chosen = draw(st.lists(st.sampled_from(sorted(IDIOMS)), min_size=3, max_size=9))
    queues: list[list[str]] = []
    for number, name in enumerate(chosen):
        first, after, _ = IDIOMS[name]
        more = draw(st.lists(st.sampled_from(after), max_size=3, unique=True)) if after else []
        again = [first] if name != "forms" and draw(st.integers(0, 4)) == 0 else []
        queues.append([cell.replace("#", str(number)) for cell in (first, *more, *again)])
    cells = []
    while any(queues):
        queue = draw(st.sampled_from([one for one in queues if one]))
        cells.append(queue.pop(0))
    asked = [IDIOMS[name][2].replace("#", str(number)) for number, name in enumerate(chosen)]
    return cells, asked


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(notebooks())
def test_the_captured_function_answers_as_the_kernel_does(
    tmp_path_factory: Any, drawn: tuple[list[str], list[str]]
) -> None:
    cells, asked = drawn
    with open_notebook(tmp_path_factory.mktemp("any")) as notebook:
        for cell in cells:
            notebook.shell.run_cell(cell, store_history=True)  # one that names what is gone by now fails
        bundle = notebook.capture("def ask():\n    return [" + ", ".join(asked) + "]").bundle
        there = notebook.call(bundle)
        assert there == json.loads(json.dumps(notebook.shell.user_ns["ask"]())), cells


def test_each_idiom_alone(tmp_path: Path) -> None:
    for name, (first, after, asked) in sorted(IDIOMS.items()):
        with open_notebook(tmp_path) as notebook:
            for cell in (first, *after):
                notebook.shell.run_cell(cell.replace("#", "1"), store_history=True)
            bundle = notebook.capture("def ask():\n    return " + asked.replace("#", "1")).bundle
            there = notebook.call(bundle)
            assert there == json.loads(json.dumps(notebook.shell.user_ns["ask"]())), name
