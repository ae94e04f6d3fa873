"""Each folder of ``corpus/`` is a small notebook and what must hold of it; together they cover the capture.

``verify.py`` names the clauses that its notebook is there for.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.support.corpus import NAMES, Run, run, verifying
from tests.support.gateway import Gateway

pytestmark = pytest.mark.docker

CLAUSES = frozenset(
    {
        "slice: helpers to any depth",
        "slice: nested functions, lambdas, comprehensions",
        "slice: class bodies and base classes",
        "slice: decorators",
        "slice: defaults and annotations",
        "slice: partial, bound methods, closures",
        "slice: classes made by code",
        "slice: what was executed last",
        "slice: edited but not run",
        "slice: import aliases",
        "slice: import *",
        "slice: imports in bodies",
        "slice: submodules",
        "slice: set-up magics dropped",
        "slice: installs become requirements",
        "slice: shell and cell magics refused",
        "slice: what explores is not carried",
        "values: frozen with size and versions",
        "values: versions that differ",
        "values: attributes as they are",
        "values: limits",
        "values: --freeze",
        "values: --recompute",
        "values: --file",
        "values: what can't be frozen",
        "local code: modules and packages",
        "local code: their requirements",
        "local code: data files",
        "local code: editable installs",
        "requirements: distribution by metadata",
        "requirements: wheels and repositories",
        "requirements: --require and extras",
        "requirements: --environment",
        "requirements: nothing of Jupyter",
        "receipt: before the build",
        "receipt: environment names",
        "receipt: warnings",
        "receipt: order of execution",
        "receipt: image size",
        "annotated: tag and metadata",
        "annotated: first line",
        "annotated: without execution",
        "a cell without a def",
        "proof: examples",
        "proof: --check",
        "cost: hello world",
    }
)
KERNELS = 3


@pytest.fixture(scope="module")
def runs(
    request: pytest.FixtureRequest, gateway: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Run]]]:
    """The notebooks of the tests that are to run, executed some at a time while others are verified."""
    place = tmp_path_factory.mktemp("corpus")
    items = (getattr(item, "callspec", None) for item in request.session.items if item.path == request.path)
    names = [str(spec.params["name"]) for spec in items if spec is not None]
    with ThreadPoolExecutor(KERNELS) as pool:
        yield {name: pool.submit(run, name, gateway, place) for name in names}


@pytest.mark.parametrize("name", NAMES)
def test_notebook(name: str, runs: dict[str, Future[Run]]) -> None:
    verifying(name).verify(runs[name].result())


def test_every_clause_has_a_notebook() -> None:
    named = {clause for name in NAMES for clause in verifying(name).CLAUSES}
    assert named == CLAUSES
    assert len(NAMES) >= 40
    assert all(verifying(name).__doc__ for name in NAMES)
