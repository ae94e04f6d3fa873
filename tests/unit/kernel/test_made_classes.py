"""Classes made inside functions, by decorators and by calls, and attributes that an expression has made."""

from __future__ import annotations

import json

import pytest

from tests.unit.kernel.notebook import Notebook

MADE = [
    pytest.param(
        "def make():\n    class C:\n        def f(self): return 1\n    return C\nT = make()",
        "T().f()",
        id="plain",
    ),
    pytest.param(
        "def make(n):\n    class C:\n        size = n * 2\n"
        "        def f(self): return self.size + n\n    return C\nT = make(3)",
        "[T().f(), T.size, T.__qualname__]",
        id="var in body",
    ),
    pytest.param(
        "def make(n):\n    class C:\n        size = n * 2\n    return C\nT = make(3); U = make(4)",
        "[T.size, U.size]",
        id="var only in body",
    ),
    pytest.param(
        "class B:\n    def g(self): return 'g'\ndef make(base, k):\n    class C(base):\n"
        "        def f(self, z=k): return super().g() + z\n    return C\nT = make(B, 'k')",
        "T().f()",
        id="base",
    ),
    pytest.param(
        "def add(cls):\n    class W(cls):\n        def twice(self): return 2 * self.n\n"
        "    return W\n@add\nclass Foo:\n    def __init__(self, n): self.n = n",
        "Foo(4).twice()",
        id="decorator",
    ),
    pytest.param(
        "def add(cls):\n    class W(cls):\n        def twice(self): return 2 * self.n\n"
        "    return W\nclass Foo:\n    def __init__(self, n): self.n = n\nBar = add(Foo)",
        "Bar(4).twice()",
        id="decorator by call",
    ),
    pytest.param(
        "def singleton(cls):\n    seen = {}\n    def get(*a):\n"
        "        if cls not in seen: seen[cls] = cls(*a)\n        return seen[cls]\n"
        "    return get\n@singleton\nclass Foo:\n    def __init__(self, n): self.n = n",
        "[Foo(4).n, Foo(5).n]",
        id="singleton",
    ),
    pytest.param(
        "class Singleton:\n    def __init__(self, cls): self.cls = cls; self.one = None\n"
        "    def __call__(self):\n        if self.one is None: self.one = self.cls()\n"
        "        return self.one\n@Singleton\nclass Foo:\n    n = 4",
        "[Foo().n, Foo() is Foo()]",
        id="singleton object",
    ),
    pytest.param(
        "def make(n):\n    class C:\n        def __init__(self): self.v = n\n"
        "        def f(self): return self.v + n\n    return C\nx = make(5)()",
        "x.f()",
        id="instance",
    ),
    pytest.param(
        "from dataclasses import dataclass, field\ndef make(n):\n    @dataclass\n    class P:\n"
        "        x: int\n        y: list = field(default_factory=lambda: [n])\n    return P\n"
        "P = make(7)",
        "[repr(P(1)), P(2).y]",
        id="dataclass inside",
    ),
    pytest.param(
        "from collections import namedtuple\n"
        "def make(fields): return namedtuple('Row', fields, defaults=[9])\nfs = ['a', 'b']\n"
        "R = make(fs); fs.append('c')",
        "[list(R(1)), R(1, 2).b, repr(R(1))]",
        id="namedtuple inside",
    ),
    pytest.param(
        "from collections import namedtuple\ndef rows():\n    Row = namedtuple('Row', 'a b')\n"
        "    return [Row(1, 2), Row(3, 4)]\nrs = rows()",
        "[r.a + r.b for r in rs]",
        id="namedtuple value",
    ),
    pytest.param(
        "from typing import NamedTuple\nfs = [('x', int), ('y', str)]\nN = NamedTuple('N', fs)\nfs.clear()",
        "[list(N(1, 'a')), sorted(N.__annotations__)]",
        id="NamedTuple call",
    ),
    pytest.param(
        "import dataclasses\n"
        "fs = ['a', ('b', int, 3), ('c', list, dataclasses.field(default_factory=list))]\n"
        "D = dataclasses.make_dataclass('D', fs, namespace={'tw': lambda self: self.b * 2}, frozen=True)\n"
        "fs.clear()",
        "[repr(D(1)), D(1).tw(), D(1) == D(1)]",
        id="make_dataclass",
    ),
    pytest.param(
        "import dataclasses\n"
        "def mk(): return dataclasses.make_dataclass('D', ['a', ('b', int, 3)])\nD = mk()\n"
        "ds=[D(1), D(2)]",
        "[d.a + d.b for d in ds]",
        id="make_dataclass inside",
    ),
    pytest.param(
        "import enum\ndef mk(): return enum.Enum('Color', 'RED GREEN')\nC = mk()",
        "[c.name for c in C] + [C.RED.value]",
        id="Enum inside",
    ),
    pytest.param(
        "import enum\nnames = ['A', 'B']\nC = enum.IntEnum('C', names)\nnames.clear()\nv = C.B",
        "[int(v), v.name, len(C)]",
        id="Enum names",
    ),
    pytest.param(
        "import enum\ndef mk(n):\n    class E(enum.Enum):\n        A = n\n        B = n + 1\n"
        "        def both(self): return self.value * n\n    return E\nE = mk(3)",
        "[E.A.value, E.B.value, E.B.both()]",
        id="enum class inside",
    ),
    pytest.param(
        "from typing import TypedDict\nfs = {'a': int}\nTD = TypedDict('TD', fs)\nfs.clear()",
        "[TD(a=1), list(TD.__annotations__)]",
        id="TypedDict",
    ),
    pytest.param(
        "def hello(self): return self.k\n"
        "members = {'k': 3, 'hi': hello, 'n': lambda self, z=1: z}\n"
        "T = type('T', (object,), members)\nmembers.clear()",
        "[T().hi(), T().n()]",
        id="type()",
    ),
    pytest.param(
        "import pydantic\nfs = {'a': (int, 3), 'b': (list[int], ...)}\n"
        "M = pydantic.create_model('M', **fs)\nfs.clear()",
        "M(b=['4']).model_dump()",
        id="create_model",
    ),
    pytest.param(
        "import pydantic\n"
        "def mk(d): return pydantic.create_model('M', a=(int, d), b=(str, pydantic.Field(max_length=3)))\n"
        "M = mk(8)",
        "M(b='x').model_dump()",
        id="create_model inside",
    ),
    pytest.param(
        "def mk():\n    class A:\n        def other(self): return B\n        n = 1\n    class B:\n"
        "        def other(self): return A\n        n = 2\n    return A, B\nA, B = mk()",
        "[A().other() is B, B().other() is A, A().other()().other().n]",
        id="mutual",
    ),
    pytest.param(
        "def mk():\n    count = 0\n    class A:\n        def __init__(self):\n"
        "            nonlocal count\n            count += 1\n        @property\n"
        "        def total(self): return count\n    return A\nA = mk()\nA(); A()",
        "[A().total, A().total]",
        id="factory with instance counter",
    ),
    pytest.param(
        "def mk():\n    class Node:\n"
        "        def __init__(self, n): self.next = Node(n - 1) if n else None\n"
        "        def depth(self): return 0 if self.next is None else 1 + self.next.depth()\n"
        "    return Node\nNode = mk()",
        "Node(3).depth()",
        id="self named",
    ),
    pytest.param(
        "class Meta(type):\n    def __new__(m, name, bases, ns, **kw):\n"
        "        ns['made'] = name.lower()\n        return super().__new__(m, name, bases, ns)\n"
        "def mk(n):\n    class A(metaclass=Meta):\n        def f(self): return n\n    return A\n"
        "A = mk(2)",
        "[A.made, A().f()]",
        id="meta",
    ),
    pytest.param(
        "def mk():\n    def reg(cls):\n        cls.tag = 'x'\n        return cls\n    @reg\n"
        "    class A: pass\n    return A\nA = mk()",
        "A.tag",
        id="local decorator",
    ),
    pytest.param(
        "def mk(n):\n    class A:\n        def f(self): return n\n    def build(): return A()\n"
        "    return build\nb = mk(3)",
        "b().f()",
        id="closure holds class",
    ),
    pytest.param(
        "class Outer:\n    class Inner:\n        def f(self): return 3\nI = Outer.Inner",
        "I().f()",
        id="nested class",
    ),
    pytest.param(
        "def mk(n):\n    class A:\n        def f(self): return n\n    return A\nK = mk(3)\n"
        "xs = [K(), K()]\ndel K",
        "[type(xs[0]) is type(xs[1]), xs[0].f()]",
        id="two instances one class",
    ),
    pytest.param(
        "def mk(n):\n    class A:\n        def f(self): return n\n    return A\nK = mk(3)\nxs = [K(), K()]",
        "[type(xs[0]) is K, isinstance(xs[1], K)]",
        id="same class named",
    ),
]
ATTRS = [
    pytest.param(
        "import attrs\n@attrs.define\nclass A:\n    x: int\n    y: list = attrs.field(factory=list)\n"
        "    def total(self): return self.x + len(self.y)\nitems = [A(1), A(2, [3])]",
        "[sum(one.total() for one in items), repr(A(2)), A(1) == items[0]]",
        id="define",
    ),
    pytest.param(
        "import attrs\n@attrs.define\nclass A:\n    x: int\n    def f(self): return self.x\n"
        "@attrs.define\nclass B(A):\n    y: int = 5\n    def f(self): return super().f() + self.y\n"
        "def g(self): return 'set'\nB.g = g",
        "[B(1).f(), B(1).g()]",
        id="define, with a base, changed since",
    ),
    pytest.param(
        "import attr\n@attr.s(order=True)\nclass A:\n    x = attr.ib(converter=int)\n    y = attr.ib()\n"
        "    @y.default\n    def _(self): return [self.x]",
        "[repr(A('1')), A(1) < A(2)]",
        id="attr.s",
    ),
    pytest.param(
        "import attrs\ndef make(n):\n    @attrs.frozen\n    class A:\n        x: int = n\n"
        "        def f(self): return self.x + n\n    return A\nA = make(3)",
        "[A().f(), repr(A(2)), hash(A()) == hash(A())]",
        id="attrs inside a function",
    ),
]
ATTRIBUTES = [
    pytest.param(
        "import time\nclass A:\n    created = time.time()\nLIVE = A.created", "A.created == LIVE", id="time"
    ),
    pytest.param(
        "seen = []\ndef load():\n    seen.append(1)\n    assert len(seen) < 2\n"
        "    return {'a': 1}\nclass A:\n    table = load()\n    n = len(table)\n"
        "    def f(self): return self.table",
        "[A().f(), A.n]",
        id="load",
    ),
    pytest.param(
        "def load(*a): return [1]\nclass A:\n    table = load(\n        1,\n        2,\n"
        "    )  # x\n    z = 'ü', load(2)\n    def f(self): return [self.table, self.z]\ndel load",
        "A().f()",
        id="multi",
    ),
    pytest.param(
        "import time\nfrom dataclasses import dataclass, field\n@dataclass\nclass A:\n"
        "    x: float = time.time()\n    y: list = field(default_factory=list)\nL = A().x",
        "[A().x == L, A().y]",
        id="dataclass attr",
    ),
    pytest.param(
        "import itertools\nclass A:\n    ids = itertools.count(5)\n"
        "    def __init__(self): self.id = next(A.ids)\nA(); A()",
        "A().id",
        id="counter",
    ),
    pytest.param(
        "def reg(): return {}\nclass A:\n    all = reg()\n"
        "    def __init__(self, k): A.all[k] = self; self.k = k\nA('x'); A('y')",
        "sorted(A.all)",
        id="registry of self",
    ),
    pytest.param(
        "import numpy as np\nDATA = np.arange(3)\nclass A:\n    d = DATA\nDATA = np.arange(5)",
        "[len(A.d), len(DATA)]",
        id="name rebound",
    ),
    pytest.param(
        "K = 3\nclass A:\n    a = K * 2\n    b = [x for x in range(K)]\n"
        "    c = {'k': a, 'f': len}\n    d = 'a b'.split()\nK = 4",
        "[A.a, A.b, A.c['k'], A.d]",
        id="pure",
    ),
    pytest.param(
        "import enum\ndef val(): return 7\nclass E(enum.Enum):\n    A = val()\n    B = enum.auto()\ndel val",
        "[E.A.value, E.B.value]",
        id="enum calls",
    ),
    pytest.param(
        "def f(): return 1\nclass A:\n    hs = {'f': f, 'g': lambda: 2}\nA.hs['h'] = f",
        "[A.hs[k]() for k in sorted(A.hs)]",
        id="handlers",
    ),
    pytest.param("def mk(): return [1]\nclass A:\n    t = mk()\nA.t = [2]", "A.t", id="since"),
    pytest.param(
        "class P:\n    def __init__(self, x): self.x = x\nclass A:\n    o = P(3)\nA.o.x = 4",
        "A.o.x",
        id="instance of other",
    ),
]


@pytest.mark.parametrize(("cell", "expression"), [*MADE, *ATTRS, *ATTRIBUTES])
def test_a_class_is_as_it_is_in_the_kernel(notebook: Notebook, cell: str, expression: str) -> None:
    notebook.run(cell)
    bundle = notebook.capture(f"def fn():\n    return {expression}").bundle
    there = notebook.call(bundle)
    assert there == json.loads(json.dumps(notebook.shell.user_ns["fn"]()))


def test_what_makes_an_attribute_stays_behind(notebook: Notebook) -> None:
    notebook.run("import time\ndef load(): return {'t': time.time()}\nclass A:\n    table = load()")
    captured = notebook.capture("def fn():\n    return A.table")
    source = captured.bundle.files["handler.py"].decode()
    assert "load" not in source
    assert "import time" not in source
    places = {one.name: one.where for one in captured.receipt.names}
    assert places["A.table"] == "its value in this kernel; the expression isn't run again"


def test_what_cannot_be_carried_is_made_again_and_said(notebook: Notebook) -> None:
    notebook.run("import threading\nclass A:\n    lock = threading.Lock()")
    captured = notebook.capture("def fn():\n    with A.lock:\n        return 1")
    assert notebook.call(captured.bundle) == 1
    (warning,) = captured.receipt.warnings
    assert warning == (
        "A.lock is a _thread.lock in this kernel, which can't be carried: its expression runs again when the "
        "function starts."
    )


def test_a_class_is_carried_as_written_with_recompute(notebook: Notebook) -> None:
    notebook.run("import os\nclass A:\n    place = os.getpid()")
    here = notebook.shell.user_ns["A"].place
    body = "def fn():\n    return A.place"
    assert notebook.publish_and_call(body) == here
    assert notebook.publish_and_call(body, "--recompute A") != here
