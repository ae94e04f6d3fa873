"""How many sandboxes wait, and what of a handler is imported before it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.gateway.dispatch.supply import MOST, UNUSED_SECONDS, Supply, allotted
from jupyter_faas.gateway.images.imports import first_imports

times = st.lists(st.floats(0, 10_000), max_size=40).map(sorted)


def asked(*at: float) -> Supply:
    supply = Supply()
    for moment in at:
        supply.ask(moment)
    return supply


def test_one_waits_where_one_was_wanted_and_none_after_a_long_time() -> None:
    assert Supply().wanted(0) == 0
    assert asked(5).wanted(6) == 1
    assert asked(5).wanted(5 + UNUSED_SECONDS) == 0


def test_as_many_wait_as_were_wanted_at_once() -> None:
    assert asked(0, 1, 2).wanted(60) == 3
    assert asked(0, 30, 60).wanted(60) == 1
    assert asked(*range(20)).wanted(20) == MOST
    assert asked(0, 1, 2).wanted(700) == 1


@given(st.lists(st.tuples(times, st.integers(1, 100)), max_size=8), st.integers(0, 500))
def test_the_budget_holds_and_the_last_asked_for_come_first(
    patterns: list[tuple[list[float], int]], budget: int
) -> None:
    supplies = {number: asked(*at) for number, (at, _) in enumerate(patterns)}
    sizes = {number: size for number, (_, size) in enumerate(patterns)}
    given_out = allotted(supplies, sizes, budget, 10_000)
    assert sum(sizes[number] * count for number, count in given_out.items()) <= budget
    for number, count in given_out.items():
        assert 0 <= count <= supplies[number].wanted(10_000)
    best = max(supplies, key=lambda number: supplies[number].last_asked, default=None)
    if best is not None and supplies[best].wanted(10_000) and sizes[best] <= budget:
        assert given_out[best] >= 1


def test_imports_are_read_up_to_what_they_could_notice() -> None:
    source = (
        '"""Words."""\nfrom __future__ import annotations\nimport os, json\nimport numpy as np\n'
        "from pandas import DataFrame, io\nN = 3\ndef f():\n    import scipy\n"
        "os.environ['A'] = '1'\nimport torch\n"
    )
    assert first_imports(source, {"handler"}) == ("numpy", "pandas:DataFrame", "pandas:io")
    assert first_imports("import matplotlib\nmatplotlib.use('Agg')\nimport seaborn\n", ()) == ("matplotlib",)
    assert first_imports("import numpy\nimport mine\nimport pandas\n", {"mine"}) == ("numpy",)
    assert first_imports("from . import x\nimport numpy\n", ()) == ()
    assert first_imports("import numpy\ndef f(:\n", ()) == ()
