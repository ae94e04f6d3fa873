"""Each folder of ``scenarios/`` is a test: a notebook that publishes functions, and what must hold then.

The notebook runs in a real kernel, the functions in real containers. All the while another function is
called: whatever a function does, the others keep answering.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.gateway import Answer, Gateway
from tests.support.notebook import execute, read

SCENARIOS = Path(__file__).parent / "scenarios"

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def bystander(gateway: Gateway) -> str:
    """A function that has nothing to do with any of it."""
    gateway.publish("def bystander():\n    return 'here'\n", "bystander")
    return "bystander"


@contextmanager
def keeps_answering(gateway: Gateway, name: str) -> Iterator[None]:
    answers: list[Answer] = []
    stop = threading.Event()

    def call() -> None:
        while not stop.wait(0.1):
            answers.append(gateway.call(name, timeout=10))

    thread = threading.Thread(target=call)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert answers
    assert {answer.status for answer in answers} == {200}
    assert max(answer.seconds for answer in answers) < 2


@pytest.mark.parametrize("name", sorted(path.parent.name for path in SCENARIOS.glob("*/notebook.ipynb")))
def test_scenario(name: str, gateway: Gateway, bystander: str) -> None:
    folder = SCENARIOS / name
    execute(read(folder / "notebook.ipynb"), gateway, folder)
    verify = importlib.import_module(f"tests.integration.scenarios.{name}.verify").verify
    begun = time.monotonic()
    with keeps_answering(gateway, bystander):
        verify(gateway)
        # Long enough for the bystander to be heard, however short the scenario.
        while time.monotonic() < begun + 0.5:
            time.sleep(0.05)
