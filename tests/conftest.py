"""Fixtures of all tests that need a gateway."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.docker import cleaned_up, require_docker
from tests.support.gateway import Gateway


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway on the Docker engine, shared by all tests that do it no harm."""
    require_docker()
    with running(tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway


@pytest.fixture
def own_gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway on the Docker engine for one test, which may kill it."""
    require_docker()
    with running(tmp_path / "gateway") as gateway:
        yield gateway


@contextmanager
def running(folder: Path, *arguments: str, engine: str = "docker") -> Iterator[Gateway]:
    """A started gateway with its state in ``folder``, and nothing left of it afterwards."""
    with cleaned_up(folder):
        gateway = Gateway(folder, *arguments, engine=engine)
        try:
            yield gateway.start()
        finally:
            gateway.close()
