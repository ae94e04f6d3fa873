"""The catalogue: the functions themselves come and go, what they cost while they rest does not."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_faas.gateway.service import catalogue as module
from jupyter_faas.gateway.service.catalogue import Catalogue, Published
from jupyter_faas.gateway.store.store import Store
from jupyter_faas.model.errors import NotFound
from tests.support.records import first_moves, version_record

MANY = 300
MOST_BYTES = 4000


async def filled(path: Path, number: int) -> Store:
    store = Store(path)
    for index in range(number):
        record = version_record(f"f{index}")
        await store.publish(record, first_moves(record))
    return store


def test_a_resting_function_costs_less_than_four_kilobytes(tmp_path: Path) -> None:
    async def bytes_each() -> float:
        store = await filled(tmp_path / "store", MANY)
        await Catalogue().load(store)  # whatever is only made once
        gc.collect()
        tracemalloc.start()
        catalogue = Catalogue()
        await catalogue.load(store)
        gc.collect()
        used = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        await store.close()
        assert len(catalogue) == MANY
        return used / MANY

    assert asyncio.run(bytes_each()) < MOST_BYTES


def test_what_was_packed_is_what_was_published(tmp_path: Path) -> None:
    async def loaded() -> Catalogue:
        store = await filled(tmp_path / "store", 3)
        catalogue = Catalogue()
        await catalogue.load(store)
        await store.close()
        return catalogue

    catalogue = asyncio.run(loaded())
    assert [one.record for one in catalogue] == [version_record(f"f{index}") for index in range(3)]
    first = catalogue.latest("f0")
    assert first is catalogue.latest("f0"), "a call makes nothing anew"
    assert first.validator.is_valid({"values": [1]})


def test_only_so_many_are_kept_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_READY", 2)
    catalogue = Catalogue()
    for index in range(3):
        catalogue.put(Published(version_record(f"f{index}")))
    kept = catalogue.latest("f2")
    assert catalogue.latest("f0").record == version_record("f0"), "it is made again"
    assert catalogue.latest("f2") is kept


def test_new_versions_and_images_and_deletion() -> None:
    catalogue = Catalogue()
    catalogue.put(Published(version_record("f")))
    second = replace(version_record("f"), number=2)
    catalogue.put(Published(second))
    assert (catalogue.latest("f").record, catalogue.version_count("f")) == (second, 2)
    renewed = replace(second, image_digest="sha256:new")
    catalogue.renew(renewed)
    assert (catalogue.latest("f").record, catalogue.version_count("f")) == (renewed, 2)
    catalogue.remove("f")
    assert (catalogue.get("f"), catalogue.version_count("f"), len(catalogue)) == (None, 0, 0)
    with pytest.raises(NotFound):
        catalogue.latest("f")


def test_a_name_typed_wrong_is_compared_with_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def loaded() -> Catalogue:
        store = await filled(tmp_path / "store", MANY)
        catalogue = Catalogue()
        await catalogue.load(store)
        await store.close()
        return catalogue

    catalogue = asyncio.run(loaded())
    with pytest.raises(NotFound, match="Did you mean 'f150'"):
        catalogue.latest("f150x")
    monkeypatch.setattr(module, "MAX_COMPARED", 5)
    with pytest.raises(NotFound, match="Did you mean 'f10'"):
        catalogue.latest("f10x")
    with pytest.raises(NotFound) as unknown:
        catalogue.latest("f150x")
    assert unknown.value.figures.get("nearest") != "f150", "only the first five were looked at"
    with pytest.raises(NotFound, match="jupyter faas list"):
        catalogue.latest("summarize")
