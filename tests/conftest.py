"""Fixtures of all tests that need a gateway."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.docker import cleaned_up, require_docker
from tests.support.gateway import Gateway

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("faas", deadline=None)
settings.load_profile("faas")


@pytest.fixture(scope="session")
def shared_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The one gateway of this process: of each worker, where several run tests side by side."""
    require_docker()
    with running(tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def gateway(shared_gateway: Gateway) -> Iterator[Gateway]:
    """A gateway on the Docker engine for tests that do it no harm; each module begins without functions."""
    yield shared_gateway
    shared_gateway.delete_functions()


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
