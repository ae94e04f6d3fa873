"""A gateway that is killed at any step of a move has moved the alias, or has not; it leads to no third."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator

import pytest

from jupyter_faas.model.bundle import digest_of
from jupyter_faas.model.errors import GatewayUnavailable
from tests.support.dying_gateway import arm
from tests.support.gateway import Gateway, bundle_of
from tests.support.waiting import eventually

STATEMENTS = ("DELETE FROM aliases", "INSERT INTO aliases", "INSERT INTO alias_moves")
"""Those of a move, which the database forgets unless all were executed and committed."""


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with two versions of ``f``."""
    gateway = Gateway(
        tmp_path_factory.mktemp("mortal"), engine="process", module="tests.support.dying_gateway"
    )
    try:
        gateway.start()
        for number in (1, 2):
            gateway.publish(source(number))
            assert gateway.call("f").json == number
        yield gateway
    finally:
        gateway.close()


def source(number: int) -> str:
    return f"def f():\n    return {number}\n"


def begin_publish(gateway: Gateway, number: int) -> None:
    """Without following it, for clients are patient with gateways that go away."""
    content = bundle_of(source(number)).pack()
    digest = digest_of(content)
    gateway.request("PUT", f"/api/v1/bundles/{digest}", content)
    gateway.request("POST", "/api/v1/functions/f/versions", json.dumps({"bundle": digest}).encode())


def killed_at(gateway: Gateway, step: str, move: Callable[[], object]) -> None:
    """Begin a move, during which the gateway dies; start it again."""
    arm(gateway.folder / "data", step)
    with contextlib.suppress(GatewayUnavailable):
        move()
    eventually(lambda: gateway.ended, 10, f"the gateway was killed at {step}")
    gateway.start()


@pytest.mark.parametrize(
    ("step", "leads_to"),
    [*((statement, 1) for statement in STATEMENTS), ("Routes.put", 2), ("Aliases._settle", 2)],
)
def test_an_alias_leads_to_the_old_version_or_to_the_new_one(
    mortal: Gateway, step: str, leads_to: int
) -> None:
    mortal.client.set_alias("f", "prod", "1")
    killed_at(mortal, step, lambda: mortal.client.set_alias("f", "prod", "2"))
    assert mortal.call("f@prod").json == leads_to
    assert mortal.client.aliases("f")["aliases"]["prod"] == {str(leads_to): 100}
    newest = mortal.client.aliases("f", 1)["moves"][0]
    assert (newest["alias"], newest["after"]) == ("prod", str(leads_to)), "what is noted is what holds"


@pytest.mark.parametrize(("step", "leads_to"), [("DELETE FROM aliases", 2), ("Catalogue.move", 1)])
def test_so_does_latest_when_it_is_rolled_back(mortal: Gateway, step: str, leads_to: int) -> None:
    assert mortal.call("f").json == 2
    killed_at(mortal, step, lambda: mortal.client.roll_back("f", to=1))
    assert mortal.call("f").json == leads_to
    if leads_to == 1:
        mortal.client.roll_back("f", to=2)


@pytest.mark.parametrize(("step", "leads_to"), [("INSERT INTO aliases", 2), ("Catalogue.put", 3)])
def test_a_version_is_there_with_its_aliases_or_not_at_all(mortal: Gateway, step: str, leads_to: int) -> None:
    killed_at(mortal, step, lambda: begin_publish(mortal, 3))
    assert mortal.call("f").json == leads_to
    assert mortal.client.versions("f")["total"] == leads_to
    assert mortal.call("f@1").json == 1


def test_a_removed_alias_is_there_or_gone(mortal: Gateway) -> None:
    mortal.client.set_alias("f", "prod", "1:50,2:50")
    killed_at(mortal, STATEMENTS[-1], lambda: mortal.client.remove_alias("f", "prod"))
    assert mortal.call("f@prod").json in (1, 2)
    killed_at(mortal, "Routes.drop", lambda: mortal.client.remove_alias("f", "prod"))
    assert mortal.call("f@prod").status == 404
