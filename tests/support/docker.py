"""The Docker engine that tests use, and what is left on it."""

from __future__ import annotations

import functools
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import docker
import pytest


@functools.cache
def engine_answers() -> bool:
    """Whether a Docker engine answers here."""
    try:
        with closing(docker.from_env(timeout=10)) as client:
            return bool(client.ping())
    except docker.errors.DockerException:
        return False


def require_docker() -> None:
    """Skip the test without an engine; fail it where one is required."""
    if engine_answers():
        return
    if os.environ.get("FAAS_TEST_DOCKER") == "require":
        pytest.fail("No Docker engine answers, and FAAS_TEST_DOCKER=require wants one.")
    pytest.skip("No Docker engine answers; `make test` starts one.")


def owner_of(folder: Path) -> str:
    """The label of everything that the gateway with its data in ``folder`` has made."""
    with closing(sqlite3.connect(folder / "data" / "gateway.sqlite")) as database:
        row = database.execute("SELECT value FROM settings WHERE key = 'owner'").fetchone()
    return str(row[0])


def containers_of(owner: str) -> list[Any]:
    """All containers, running or not, of one gateway."""
    with closing(docker.from_env()) as client:
        return list(client.containers.list(all=True, filters={"label": f"jupyter-faas.owner={owner}"}))


@contextmanager
def cleaned_up(folder: Path) -> Iterator[None]:
    """Afterwards remove the containers and function images of the gateway in ``folder``, and no others."""
    try:
        yield
    finally:
        if engine_answers() and (folder / "data" / "gateway.sqlite").exists():
            owner = owner_of(folder)
            for container in containers_of(owner):
                container.remove(force=True)
            with closing(docker.from_env()) as client:
                label = {"label": f"jupyter-faas.owner={owner}"}
                for image in client.images.list(filters=label):
                    if any("jupyter-faas/function:" in tag for tag in image.tags):
                        client.images.remove(image.id, force=True)
