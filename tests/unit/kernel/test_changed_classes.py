"""Classes that were changed after their statement ran go along as they are now."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.kernel.notebook import Notebook

BASE = (
    "class Base:\n    def go(self): return ['base']\n"
    "class Foo(Base):\n    limit = 1\n    __private = 2\n    def __init__(self, n=1): self.n = n\n"
    "    def go(self): return [*super().go(), self.n, self.__private]\n"
    "    @property\n    def twice(self): return 2 * self.n\n"
    "    def __hidden(self): return 'hidden'\n    def show(self): return self.__hidden()"
)
DECORATOR = (
    "import functools\ndef loud(f):\n    @functools.wraps(f)\n    def inner(self, *a):\n"
    "        return ['loud', *f(self, *a)]\n    return inner"
)
CHANGES = [
    pytest.param("", "Foo(3).go() + [Foo(1).show(), Foo.limit]", ["base", 3, 2, "hidden", 1], id="nothing"),
    pytest.param(
        "def bar(self): return self.n + K\nK = 5\nFoo.bar = bar", "Foo(2).bar()", 7, id="a function"
    ),
    pytest.param(
        "def bar(self): return 1\nFoo.bar = bar\ndel bar", "Foo().bar()", 1, id="a deleted function"
    ),
    pytest.param(
        "def go(self): return 'a'\nFoo.go = go\ndef go(self): return 'b'\nFoo.stop = go",
        "[Foo().go(), Foo().stop()]",
        ["a", "b"],
        id="functions of one name",
    ),
    pytest.param("Foo.bar = lambda self: self.n", "Foo(4).bar()", 4, id="a lambda"),
    pytest.param(
        "Foo.limit = 3\nFoo.more = {'a': [1]}", "[Foo.limit, Foo.more]", [3, {"a": [1]}], id="values"
    ),
    pytest.param("Foo.limit += 6", "Foo.limit", 7, id="added to"),
    pytest.param("Foo.limit = None", "Foo.limit", None, id="another type"),
    pytest.param(
        DECORATOR + "\nFoo.go = loud(Foo.go)", "Foo(3).go()", ["loud", "base", 3, 2], id="a decorated method"
    ),
    pytest.param(
        DECORATOR + "\nFoo.go = loud(loud(Foo.go))", "Foo(3).go()", ["loud", "loud", "base", 3, 2], id="twice"
    ),
    pytest.param(
        "a_go = Foo.go\ndef go(self): return ['new', *a_go(self)]\nFoo.go = go",
        "Foo(3).go()",
        ["new", "base", 3, 2],
        id="a kept method",
    ),
    pytest.param(
        "z_go = Foo.go\nFoo.go = lambda self: ['new', *z_go(self)]",
        "Foo(3).go()",
        ["new", "base", 3, 2],
        id="a kept method, by another name",
    ),
    pytest.param(
        "Foo.made = classmethod(lambda cls, n: cls(n))\nFoo.stat = staticmethod(len)\n"
        "Foo.half = property(lambda self: self.n / 2)\n"
        "Foo.twice = property(lambda self: 'got', lambda self, value: None)",
        "[Foo.made(3).n, Foo.stat('ab'), Foo(3).half, Foo().twice]",
        [3, 2, 1.5, "got"],
        id="kinds of methods",
    ),
    pytest.param(
        "import functools\nlazy = functools.cached_property(lambda self: [self.n])\n"
        "lazy.__set_name__(Foo, 'lazy')\n"
        "Foo.lazy = lazy",
        "[Foo(3).lazy, vars(Foo(2))]",
        [[3], {"n": 2}],
        id="a cached property",
    ),
    pytest.param(
        "del Foo.go, Foo.limit", "[Foo().go(), hasattr(Foo, 'limit')]", [["base"], False], id="deleted"
    ),
    pytest.param("Foo.go.tag = 'x'", "Foo.go.tag", "x", id="a method's attribute"),
    pytest.param(
        "def add(cls):\n    def method(f):\n        setattr(cls, f.__name__, f)\n    return method\n"
        "@add(Foo)\ndef bar(self): return [self.n]",
        "Foo(2).bar()",
        [2],
        id="a patching decorator",
    ),
    pytest.param(
        "for name in ('one', 'two'):\n    setattr(Foo, name, lambda self, name=name: name)",
        "[Foo().one(), Foo().two()]",
        ["one", "two"],
        id="in a loop",
    ),
    pytest.param(
        "Foo.__init__ = lambda self: setattr(self, 'n', 7)\nheld = Foo()",
        "[held.n, Foo().n]",
        [7, 7],
        id="init",
    ),
    pytest.param("Foo.__repr__ = lambda self: 'me'", "repr(Foo())", "me", id="a special method"),
    pytest.param(
        "class Count:\n    total = 0\n    names: list = []\n    seen = dict()\n    last = None\n"
        "    def __init__(self):\n        Count.total += 1\n        self.names.append('a')\n"
        "        self.seen[1] = self.go\n        Count.last = open('/dev/null')\n"
        "    def go(self): pass\nCount()",
        "[Count.total, Count.names, len(Count.seen), Count.last]",
        [1, ["a"], 1, None],
        id="state",
    ),
    pytest.param(
        "class Plugin:\n    known = {}\n    def __init_subclass__(cls): Plugin.known[cls.__name__] = cls\n"
        "class A(Plugin): n = 1\nclass B(Plugin): n = 2\nA.n = 3\nA.m = lambda self: 4",
        "[[one.n for one in Plugin.known.values()], A().m()]",
        [[3, 2], 4],
        id="subclasses that register",
    ),
    pytest.param(
        "class Rules:\n    known = {}\n    @classmethod\n    def add(cls, f):\n"
        "        cls.known[f.__name__] = f\n"
        "        return f\n@Rules.add\ndef first(n): return n + 1\nRules.known['x'] = lambda n: n + 2",
        "[rule(1) for rule in Rules.known.values()]",
        [2, 3],
        id="functions that register",
    ),
    pytest.param(
        "from abc import ABC\nclass Shape(ABC): pass\nclass Square: pass\nShape.register(Square)\n"
        "@Shape.register\nclass Disc: pass",
        "[isinstance(Square(), Shape), isinstance(Disc(), Shape), isinstance(1, Shape)]",
        [True, True, False],
        id="abstract",
    ),
    pytest.param(
        "import functools\nclass Show:\n    @functools.singledispatchmethod\n"
        "    def of(self, v): return 'any'\n"
        "    @of.register\n    def _(self, v: int): return 'int'\n"
        "def text(self, v): return 'str'\nShow.__dict__['of'].register(str, text)",
        "[Show().of(1), Show().of('a'), Show().of(None)]",
        ["int", "str", "any"],
        id="singledispatchmethod",
    ),
    pytest.param(
        "from dataclasses import dataclass, field\nfrom enum import Enum\nfrom typing import NamedTuple\n"
        "@dataclass\nclass D:\n    a: int = 1\n    b: list = field(default_factory=list)\n    kind = 'd'\n"
        "class E(Enum):\n    LOW = 1\nclass R(NamedTuple):\n    a: int = 2\n"
        "def up(self): return self.a + 1\nD.up = up\n"
        "D.kind = 'new'\nE.up = lambda self: self.value + 1\nR.up = up",
        "[D().up(), D.kind, D().b, E.LOW.up(), R().up()]",
        [2, "new", [], 2, 3],
        id="classes that others complete",
    ),
    pytest.param(
        "def named(cls):\n    cls.label = lambda self: 'label'\n    return cls\n"
        "@named\nclass N:\n    def go(self): return 1\nN.go = lambda self: 2",
        "[N().label(), N().go()]",
        ["label", 2],
        id="a decorator of the notebook",
    ),
]


@pytest.mark.parametrize(("change", "expression", "result"), CHANGES)
def test_a_changed_class(notebook: Notebook, change: str, expression: str, result: Any) -> None:
    notebook.run(BASE, change)
    assert notebook.publish_and_call(f"def f():\n    return {expression}") == result


def test_the_receipt_says_where(notebook: Notebook) -> None:
    notebook.run(
        "class Foo:\n    last = None\n    count = 0\n    def a(self): pass",
        "Foo.bar = lambda self: 1\ndel Foo.a\nFoo.count += 1",
        "Foo.last = (n for n in [])\nsetattr(Foo, 'late', 2)",
    )
    error = notebook.run_failing("%%publish --dry-run\ndef f():\n    return Foo")
    assert "last of Foo (generator)" in str(error)
    assert "set in cell In[3], line 1" in str(error)
    notebook.run("Foo.last = None")
    receipt = notebook.capture("def f():\n    return Foo").receipt
    members = {one.name: one.where for one in receipt.names if one.kind == "member"}
    assert members == {
        "Foo.a": "deleted in cell In[2], line 2",
        "Foo.bar": "set in cell In[2], line 1",
        "Foo.count": "set in cell In[2], line 3",
        "Foo.last": "set in cell In[5], line 1",
        "Foo.late": "set in cell In[3], line 2",
    }


def test_state_that_is_not_data_stays_behind(notebook: Notebook) -> None:
    notebook.run(
        "class Db:\n    link = None\n    calls = 0\n    def go(self):\n        Db.link = open('/dev/null')\n"
        "        Db.calls += 1\nDb().go()\nDb.extra = 5"
    )
    receipt = notebook.capture("def f():\n    return Db.link").receipt
    members = {one.name: one.where for one in receipt.names if one.kind == "member"}
    assert members == {
        "Db.calls": "as it is in this kernel, not as the class was made",
        "Db.extra": "set in cell In[1], line 8",
    }
    (warning,) = (one for one in receipt.warnings if "Db.link" in one)
    assert "a _io.TextIOWrapper in this kernel, which can't be carried" in warning
