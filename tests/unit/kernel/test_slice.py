"""What a function takes along, and that it works far from the notebook."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.kernel.notebook import Notebook


def handler(capture: object) -> str:
    source: bytes = capture.bundle.files["handler.py"]  # type: ignore[attr-defined]
    return source.decode()


def test_helpers_constants_and_imports_from_earlier_cells(notebook: Notebook) -> None:
    notebook.run(
        "import math, json as j",
        "SCALE = 2.5\nUNUSED = object()",
        "def scaled(x):\n    return math.sqrt(x) * SCALE",
        "import os\nos.getcwd()",
    )
    captured = notebook.capture("def area(x: float) -> float:\n    return scaled(x)\n")
    assert handler(captured) == (
        "import math\n"
        "SCALE = 2.5\n"
        "\n\ndef area(x: float) -> float:\n    return scaled(x)\n"
        "\n\ndef scaled(x):\n    return math.sqrt(x) * SCALE\n"
    )
    assert notebook.call(captured.bundle, x=16) == 10.0
    assert captured.bundle.manifest.requirements == ()


def test_the_last_function_of_the_cell_is_the_entry(notebook: Notebook) -> None:
    captured = notebook.capture("def a():\n    return 1\n\nasync def b():\n    return a() + 1\n\nx = 3")
    assert captured.bundle.manifest.entry == "b"
    assert notebook.call(captured.bundle) == 2


def test_entry_and_name_may_be_chosen(notebook: Notebook) -> None:
    body = "def a():\n    return 1\n\ndef b():\n    return 2"
    manifest = notebook.capture(body, "first-one --entry a").bundle.manifest
    assert (manifest.name, manifest.entry) == ("first-one", "a")


def test_a_redefinition_wins(notebook: Notebook) -> None:
    notebook.run("def h():\n    return 1", "def h():\n    return 2")
    assert notebook.publish_and_call("def f():\n    return h()") == 2


def test_the_live_definition_wins_over_a_later_cell_that_failed(notebook: Notebook) -> None:
    notebook.run("def h():\n    return 1\n\nclass C:\n    x = 1")
    notebook.run_failing("1/0\ndef h():\n    return 2\n\nclass C:\n    x = 2")
    assert notebook.publish_and_call("def f():\n    return [h(), C.x]") == [1, 1]


def test_recursion_and_mutual_recursion(notebook: Notebook) -> None:
    notebook.run(
        "def even(n):\n    return n == 0 or odd(n - 1)", "def odd(n):\n    return n != 0 and even(n - 1)"
    )
    body = "def f(n: int):\n    return [even(n), f(n - 1) if n > 3 else None]"
    assert notebook.publish_and_call(body, n=4) == [True, [False, None]]


def test_decorators_of_the_notebook_and_of_libraries(notebook: Notebook) -> None:
    notebook.run(
        "import functools\nfrom functools import wraps",
        "FACTOR = 3\ndef times(f):\n    @wraps(f)\n"
        "    def inner(*a, **k):\n        return boost(f(*a, **k))\n    return inner",
        "def boost(x):\n    return x * FACTOR",
        "def bare(f):\n    def inner(*args):\n        return f(*args) + 1\n    return inner",
        "@bare\n@functools.lru_cache(maxsize=None)\ndef helper(x):\n    return x",
    )
    assert notebook.publish_and_call("@times\ndef f(x: int):\n    return helper(x)", x=2) == 9


def test_classes_with_inheritance_and_dataclasses(notebook: Notebook) -> None:
    notebook.run(
        "from dataclasses import dataclass, field\nfrom typing import ClassVar",
        "@dataclass\nclass Point:\n    x: int\n    y: int = 0\n"
        "    tags: list[str] = field(default_factory=list)\n    n: ClassVar[int] = 7",
        "class Named(Point):\n    def name(self):\n        return super().__repr__() + suffix(self)",
        "def suffix(p):\n    return '!' * p.n",
        "class Oops(ValueError):\n    pass",
    )
    body = (
        "def f(x: int):\n    try:\n        raise Oops(Named(x).name())\n"
        "    except ValueError as e:\n        return str(e)"
    )
    assert notebook.publish_and_call(body, x=1) == "Named(x=1, y=0, tags=[])!!!!!!!"


def test_lambdas_aliases_and_conditional_definitions(notebook: Notebook) -> None:
    notebook.run(
        "double = lambda v: v * 2; other = 5",
        "if True:\n    def inc(v):\n        '''two\nlines'''\n        return v + 1\n",
        "also = inc",
        "Vector = list[float]",
        "from collections import namedtuple\nPair = namedtuple('Pair', 'a b')",
    )
    body = "def f(v: Vector):\n    return Pair(double(v[0]), also(v[0]))._asdict() | {'doc': inc.__doc__}"
    assert notebook.publish_and_call(body, v=[2]) == {"a": 4, "b": 3, "doc": "two\nlines"}


def test_defaults_annotations_and_nested_code_are_followed(notebook: Notebook) -> None:
    notebook.run("START = 10\nSTEP = 1\nfrom typing import Optional", "def twice(x):\n    return 2 * x")
    body = (
        "def f(n: Optional[int] = START, *, k: int = 3):\n"
        "    class Local:\n        step = STEP\n"
        "    def inner():\n        return [twice(i) for i in range(k)]\n"
        "    return [n, Local.step, inner(), (lambda: twice(n))()]"
    )
    assert notebook.publish_and_call(body) == [10, 1, [0, 2, 4], 20]


def test_enums_and_methods_using_globals(notebook: Notebook) -> None:
    notebook.run("import enum\nclass Color(enum.Enum):\n    RED = 1\n    BLUE = 2", "LIMIT = 3")
    body = (
        "class T:\n    @staticmethod\n    def go(): return LIMIT\n\n"
        "def f():\n    return [Color.BLUE.value, T.go()]"
    )
    assert notebook.publish_and_call(body) == [2, 3]


@pytest.mark.parametrize("future", ["", "from __future__ import annotations"])
def test_future_annotations_of_an_earlier_cell(notebook: Notebook, future: str) -> None:
    notebook.run(future or "pass", "import decimal")
    captured = notebook.capture("def f(x: int) -> decimal.Decimal:\n    return x")
    assert handler(captured).startswith(future or "import decimal")
    assert captured.bundle.manifest.input_schema["properties"] == {"x": {"type": "integer"}}


def test_lazy_annotations_need_not_exist(notebook: Notebook) -> None:
    notebook.run("from __future__ import annotations")
    body = "def f(x: int) -> NotThere:\n    y: 'Neither' = x\n    return y"
    assert notebook.publish_and_call(body, x=1) == 1


def test_functions_of_time_and_capture_cells(notebook: Notebook) -> None:
    notebook.run("%%time\n\ndef timed():\n    return 1", "%%capture\ndef caught():\n    return 2")
    captured = notebook.capture("def f():\n    return timed() + caught()")
    assert notebook.call(captured.bundle) == 3
    places = {name.name: name.where for name in captured.receipt.names}
    assert places["timed"] == "cell In[1], line 3"
    assert places["caught"] == "cell In[2], line 2"
    assert places["f"] == "cell In[3], line 2"


def test_functions_of_a_timed_cell_that_imports_what_they_call(notebook: Notebook) -> None:
    """The cell is compiled as a whole, which makes other instructions of ``math.sqrt(x)``."""
    notebook.run(
        "%%time\n\nimport math\n\nroot = lambda x: math.sqrt(x)\ndef twice(x):\n    return 2 * math.sqrt(x)\n"
        "class Kind:\n    def root(self, x): return math.sqrt(x)\ntwice(1)"
    )
    body = "def entry(x: int):\n    return [root(x), twice(x), Kind().root(x)]"
    assert notebook.publish_and_call(body, x=4) == [2, 4, 2]


def test_segments_lead_back_to_the_cells(notebook: Notebook) -> None:
    notebook.run("x = 1\n\n@staticmethod\ndef unused(): pass\n\ndef helper(a):\n    b = a\n    return b")
    bundle = notebook.capture("\n\ndef f(a):\n    return helper(a)").bundle
    lines = bundle.files["handler.py"].decode().split("\n")
    found = {}
    for segment in bundle.manifest.segments:
        found[segment.cell] = (lines[segment.line - 1], segment.count, segment.cell_line)
    assert found == {"In[1]": ("def helper(a):", 3, 6), "In[2]": ("def f(a):", 2, 4)}


def test_a_mutable_global_keeps_its_present_value(notebook: Notebook) -> None:
    notebook.run("count = 0\ncache = {}", "count += 5", "cache['k'] = [1, (2,)]")
    body = "def f():\n    global count\n    count += 1\n    return [count, cache]"
    captured = notebook.capture(body)
    assert notebook.call(captured.bundle) == [6, {"k": [1, [2]]}]
    assert any("count" in warning for warning in captured.receipt.warnings)


def test_loggers_and_patterns(notebook: Notebook) -> None:
    notebook.run("import logging, re\nlog = logging.getLogger('mine')\nword = re.compile(r'\\w+', re.I)")
    body = "def f(t: str):\n    log.info('x')\n    return [log.name, word.findall(t)]"
    assert notebook.publish_and_call(body, t="a b") == ["mine", ["a", "b"]]


def test_public_marker_caps_and_environment_names(notebook: Notebook) -> None:
    line = "--public --timeout 5s --memory 1GiB --env TOKEN=s3cret"
    captured = notebook.capture("def f():\n    return 1", line)
    manifest = captured.bundle.manifest
    assert (manifest.public, manifest.caps.timeout_seconds, manifest.caps.memory_bytes) == (True, 5.0, 2**30)
    assert manifest.environment == ("TOKEN",)
    assert b"s3cret" not in captured.bundle.pack()
    assert "s3cret" not in captured.receipt.text()


def test_classes_of_every_kind(notebook: Notebook) -> None:
    notebook.run(
        "from abc import ABC, abstractmethod\nfrom dataclasses import dataclass\nfrom enum import IntEnum",
        "from typing import NamedTuple, TypedDict, Generic, TypeVar, Protocol\nimport pydantic",
        "T = TypeVar('T')\nclass Base(ABC):\n    kind = 'base'\n    @abstractmethod\n    def go(self): ...",
        "@dataclass(slots=True, frozen=True)\nclass Slotted(Base):\n    x: int = 1\n    kind = 'slot'\n"
        "    def go(self): return self.x\n    @property\n    def y(self): return [self.x, self.kind]",
        "class Row(NamedTuple):\n    a: int\n    b: str = 'b'\n"
        "    def both(self): return f'{self.a}{self.b}'",
        "class Box(Generic[T]):\n    class Inner:\n        z = 3\n    def __init__(self, v: T): self.v = v",
        "class Level(IntEnum):\n    LOW = 1\n    def up(self): return Level(self + 1) if self < 1 else self",
        "class Model(pydantic.BaseModel):\n    model_config = {'extra': 'forbid'}\n    n: int = 2\n"
        "    @pydantic.field_validator('n')\n    @classmethod\n    def ok(cls, v): return v + 1",
        "class Keys(TypedDict):\n    k: int",
    )
    body = (
        "def f():\n"
        "    k: Keys = {'k': 1}\n"
        "    return [Slotted(4).y, Row(1).both(), Box(5).v, Box.Inner.z, "
        "Level.LOW.up(), Model(n=3).n, k, Keys(k=2)]"
    )
    captured = notebook.capture(body)
    assert notebook.call(captured.bundle) == [[4, "slot"], "1b", 5, 3, 1, 4, {"k": 1}, {"k": 2}]
    assert [text.partition("==")[0] for text in captured.bundle.manifest.requirements] == ["pydantic"]


@pytest.mark.parametrize(
    ("use", "expected"),
    [("@loud", ["old", 2]), ("@louder(3)", ["old", 3, 2])],
    ids=["by name", "by call"],
)
def test_a_decorator_that_was_defined_anew_since(notebook: Notebook, use: str, expected: Any) -> None:
    """What is live was made by the one before."""
    notebook.run(
        "def loud(f):\n    def inner(*a): return ['old', f(*a)]\n    return inner\n"
        "def louder(n):\n    def around(f):\n        def inner(*a): return ['old', n, f(*a)]\n"
        "        return inner\n    return around",
        f"{use}\ndef two(): return 2",
        "def loud(f): return f\ndef louder(n): return loud",
    )
    assert notebook.publish_and_call("def f(): return two()") == expected


def test_a_decorator_that_was_run_again_is_the_same(notebook: Notebook) -> None:
    loud = "def loud(f):\n    def inner(*a): return ['loud', f(*a)]\n    return inner"
    notebook.run(loud, "@loud\ndef two(): return 2", loud)
    bundle = notebook.capture("def f(): return two()").bundle
    assert "@loud" in bundle.files["handler.py"].decode()
    assert notebook.call(bundle) == ["loud", 2]


def test_a_decorator_that_is_a_class(notebook: Notebook) -> None:
    notebook.run(
        "class Memo:\n    def __init__(self, f):\n        self.f = f\n        self.seen = {}\n"
        "    def __call__(self, x):\n        return self.seen.setdefault(x, self.f(x))",
        "@Memo\ndef slow(x):\n    return x * 2",
    )
    assert notebook.publish_and_call("def f(x: int):\n    return slow(x)", x=4) == 8


def test_a_decorator_that_calls_helpers_while_defining(notebook: Notebook) -> None:
    notebook.run(
        "def z_deco(f):\n    f.note = a_note(f.__name__)\n    return f",
        "def a_note(name):\n    return name",
        "@z_deco\ndef b_task():\n    return 1",
        "def z_deco(f):\n    f.note = a_note('again ' + f.__name__)\n    return f",
        "z_deco(b_task)",
    )
    body = "@z_deco\ndef f():\n    return [b_task.note, f.note]"
    assert notebook.publish_and_call(body) == ["again b_task", "again f"]


def test_a_magic_below_the_magic(notebook: Notebook) -> None:
    captured = notebook.capture("%%time\n\ndef f():\n    return 1")
    assert notebook.call(captured.bundle) == 1
    assert captured.bundle.manifest.segments[0].cell_line == 4


def test_running_cells_again_in_another_order_changes_nothing(notebook: Notebook) -> None:
    cells = ["def b():\n    return 1", "def a():\n    return b()", "N = 3"]
    body = "def f():\n    return a() + N"
    notebook.run(*cells)
    first = notebook.capture(body).bundle.identity
    notebook.run(*reversed(cells), "x = 1")
    assert notebook.capture(body).bundle.identity == first
    notebook.run("N = 4")
    assert notebook.capture(body).bundle.identity != first


def test_names_of_python_that_the_kernel_replaced(notebook: Notebook) -> None:
    body = (
        "def f():\n    with open('/dev/null') as file:\n"
        "        return [file.read(), __name__, len(exit.name)]"
    )
    assert notebook.publish_and_call(body) == ["", "handler", 4]


def test_two_lambdas_on_a_line(notebook: Notebook) -> None:
    notebook.run("a = lambda: 1; b = lambda: 2")
    assert notebook.publish_and_call("def f():\n    return [a(), b()]") == [1, 2]


def test_a_default_is_the_one_of_the_definition(notebook: Notebook) -> None:
    notebook.run("K = [1]\ndef h(x=K):\n    return x")
    assert notebook.publish_and_call("def f():\n    return h()") == [1]


def test_class_attributes_named_like_globals(notebook: Notebook) -> None:
    notebook.run(
        "n = object()\nlimit = 5", "class C:\n    first = limit\n    limit: int = limit\n    n = 1\n    m = n"
    )
    assert notebook.publish_and_call("def f():\n    return [C.limit, C.first, C.m]") == [5, 5, 1]


def test_text_that_looks_like_magic_is_text(notebook: Notebook) -> None:
    notebook.run("def h():\n    return '''\n%matplotlib inline\n!ls\n'''")
    assert notebook.publish_and_call("def f():\n    return h()") == "\n%matplotlib inline\n!ls\n"


def test_functions_named_as_the_symbol_table_names_a_module(notebook: Notebook) -> None:
    notebook.run(
        "k = 2\nclass C:\n    def top(self, n):\n        m = n\n        return m * k", "def top(v): return v"
    )
    assert notebook.publish_and_call("def f():\n    return [C().top(3), top(1)]") == [6, 1]


def test_a_future_that_there_never_was_is_none(notebook: Notebook) -> None:
    notebook.run_failing("from __future__ import braces")
    assert notebook.publish_and_call("def f():\n    return 1") == 1
