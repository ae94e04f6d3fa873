"""Versions and aliases over HTTP, with the functions really called."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

import docker
import pytest

from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import Conflict, MalformedRequest, NotFound
from tests.support.docker import containers_of, owner_of
from tests.support.gateway import Answer, Gateway, bundle_of
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker

SCHEMA = {
    "type": "object",
    "properties": {"x": {"type": "number"}, "y": {"type": "number", "default": 1}},
    "required": ["x"],
    "additionalProperties": False,
}


def answering(number: int) -> str:
    """A function that says which version it is."""
    return f"def f(x=0, y=1):\n    return {number}\n"


@pytest.fixture
def f(gateway: Gateway) -> Iterator[Gateway]:
    """A gateway with three versions of ``f``, all of which have served a call."""
    for number in (1, 2, 3):
        gateway.publish(answering(number), origin={"notebook": "w.ipynb", "cell": "In[1]", "author": "ada"})
        assert gateway.call("f").json == number
    yield gateway
    gateway.client.delete("f")


def api(gateway: Gateway, method: str, path: str, body: Any = None) -> Answer:
    content = None if body is None else json.dumps(body).encode()
    return gateway.request(method, f"/api/v1/functions/{path}", content)


def versions_called(gateway: Gateway, name: str, calls: int, **headers: str) -> Counter[int]:
    return Counter(gateway.request("POST", f"/functions/{name}", b"{}", headers).json for _ in range(calls))


def test_an_alias_leads_where_it_is_put(f: Gateway) -> None:
    client = f.client
    assert client.set_alias("f", "prod", "1") == {
        "function": "f",
        "alias": "prod",
        "before": {},
        "versions": {"1": 100},
    }
    assert f.call("f@prod").json == 1
    assert f.call("f@prod").headers["faas-version"] == "1"
    assert (f.call("f").json, f.call("f@2").json, f.call("f@latest").json) == (3, 2, 3)
    client.set_alias("f", "prod", "latest")
    assert f.call("f@prod").json == 3
    client.set_alias("f", "old", "prod")
    assert client.aliases("f")["aliases"] == {"latest": {"3": 100}, "old": {"3": 100}, "prod": {"3": 100}}
    moves = [
        (one["alias"], one["before"], one["after"], one["reason"]) for one in client.aliases("f")["moves"]
    ]
    assert moves[:3] == [
        ("old", None, "3", "alias"),
        ("prod", "1", "3", "alias"),
        ("prod", None, "1", "alias"),
    ]
    assert moves[3] == ("latest", "2", "3", "publish")
    client.remove_alias("f", "prod")
    gone = f.call("f@prod")
    assert (gone.status, gone.code) == (404, "not-found")
    assert "latest (3), old (3)" in gone.json["detail"]


def test_what_is_deleted_is_published_again_at_once(gateway: Gateway) -> None:
    """The same source gives the same image, which the delete before would take away."""
    for _ in range(10):
        for number in (1, 2):
            gateway.publish(answering(number))
            assert gateway.call("f").json == number
        gateway.client.delete("f")
    assert gateway.client.functions() == []


def test_an_alias_shares_its_calls_out(f: Gateway) -> None:
    f.client.set_alias("f", "prod", "1:70,2:30")
    chosen = versions_called(f, "f@prod", 200)
    assert chosen.keys() == {1, 2}
    assert 25 < chosen[2] < 100
    for user in ("ada", "bob"):
        assert len(versions_called(f, "f@prod", 10, **{"Faas-Sticky": user})) == 1
    by_user = Counter(
        next(iter(versions_called(f, "f@prod", 1, **{"Faas-Sticky": f"user {number}"})))
        for number in range(60)
    )
    assert by_user.keys() == {1, 2}


def test_a_function_is_described_as_a_version(f: Gateway) -> None:
    f.client.set_alias("f", "prod", "1:10,2:90")
    described = api(f, "GET", "f@prod").json
    assert (described["version"], described["url"]) == (2, f"{f.url}/functions/f@prod")
    assert described["aliases"] == {"latest": {"3": 100}, "prod": {"1": 10, "2": 90}}
    assert api(f, "GET", "f@1").json["version"] == 1
    assert f.client["f@1"]() == 1
    assert f.client["f@prod"].description["author"] == "ada"
    for path in ("f@nothing", "f@9", "g@1"):
        assert api(f, "GET", path).status == 404


def test_versions_tell_their_history(f: Gateway) -> None:
    f.client.set_alias("f", "prod", "1")
    page = f.client.versions("f", limit=2)
    assert (page["latest"], page["total"], page["next"]) == (3, 3, 2)
    newest = page["versions"][0]
    assert (newest["version"], newest["author"], newest["notebook"]) == (3, "ada", "w.ipynb")
    assert newest["aliases"] == {"latest": 100}
    assert newest["changes"]["since"] == 2
    assert newest["changes"]["changes"] == [
        {"part": "source", "what": "handler.py has 1 new line, 1 gone", "breaking": False}
    ]
    (first,) = f.client.versions("f", below=page["next"])["versions"]
    assert (first["version"], first["changes"], first["aliases"]) == (1, None, {"prod": 100})
    eventually(lambda: f.client.version("f", 1)["served"], 5, "the call of version 1 is noted")


def test_what_breaks_callers_is_named(f: Gateway) -> None:
    published = f.publish(
        "def f(x, y=1):\n    return 4\n", input_schema=SCHEMA, caps=Caps(memory_bytes=10**8)
    )
    narrower = {**SCHEMA, "required": ["x", "y"]}
    published = f.publish("def f(x, y):\n    return 5\n", input_schema=narrower)
    changes = published["publication"]["changes"]
    assert (changes["since"], changes["breaking"]) == (4, 1)
    assert changes["changes"][0] == {
        "part": "schema",
        "what": "parameter y is required now",
        "breaking": True,
    }
    assert {"part": "caps", "what": "memory 256 MB instead of 100 MB", "breaking": False} in changes[
        "changes"
    ]
    assert f.client.versions("f")["versions"][0]["changes"]["breaking"] == 1
    full = f.client.changes("f", 5)
    assert "-def f(x, y=1):" in full["source"]
    assert f.client.changes("f", 3, 1)["changes"][0]["what"] == "handler.py has 1 new line, 1 gone"
    with pytest.raises(NotFound, match="first one"):
        f.client.changes("f", 1)
    with pytest.raises(NotFound, match="no version 99"):
        f.client.changes("f", 3, 99)


def test_rolling_back_skips_what_never_served(gateway: Gateway) -> None:
    gateway.publish("def g():\n    return 1\n", "g")
    assert gateway.call("g").json == 1
    for number in (2, 3):
        gateway.publish(f"def g():\n    raise ValueError({number})\n", "g")
        assert gateway.call("g").code == "handler-error"
    moved = gateway.client.roll_back("g")
    assert (moved["before"], moved["versions"]) == ({"3": 100}, {"1": 100})
    assert gateway.call("g").json == 1
    with pytest.raises(Conflict, match="No version that was the latest one of g before 1"):
        gateway.client.roll_back("g")
    assert gateway.client.roll_back("g", to=2)["versions"] == {"2": 100}
    with pytest.raises(Conflict, match="is the latest already"):
        gateway.client.roll_back("g", to=2)
    with pytest.raises(NotFound, match="no version 9"):
        gateway.client.roll_back("g", to=9)
    published = gateway.publish("def g():\n    return 4\n", "g")["publication"]
    assert (published["version"], published["changes"]["since"]) == (4, 2)
    assert gateway.client.roll_back("g")["versions"] == {"1": 100}, "4 has served nothing, and 2 never did"
    gone = api(gateway, "POST", "g/rollback", {"from": 4})
    assert (gone.status, gone.json["latest"]) == (409, 1)


def test_a_publish_moves_the_aliases_that_it_names(f: Gateway) -> None:
    bundle = bundle_of(answering(4))
    answer = f.client.publish(bundle, {}, aliases=["prod", "canary"])
    assert answer["publication"]["aliases"] == ["latest", "canary", "prod"]
    assert (f.call("f@prod").json, f.call("f@canary").json) == (4, 4)
    answer = f.client.publish(bundle, {}, aliases=["stage"])
    assert (answer["state"], answer["publication"]["version"]) == ("unchanged", 4)
    assert f.call("f@stage").json == 4
    with pytest.raises(MalformedRequest, match="moves by itself"):
        f.client.publish(bundle, {}, aliases=["latest"])


def test_a_version_alone_can_be_deleted_unless_an_alias_leads_to_it(f: Gateway) -> None:
    client = f.client
    client.set_alias("f", "prod", "1")
    with pytest.raises(Conflict, match="prod leads to version 1"):
        client.delete_version("f", 1)
    with pytest.raises(Conflict, match="latest leads to version 3"):
        client.delete_version("f", 3)
    digest = client.version("f", 2)["digest"]
    assert client.delete_version("f", 2)["version"] == 2
    assert f.call("f@2").status == 404
    assert client.function("f")["versions"] == 2
    assert digest not in images(f)
    client.roll_back("f", to=1)
    client.delete_version("f", 3)
    assert f.publish(answering(4))["publication"]["version"] == 4, "numbers are never used again"


def images(gateway: Gateway) -> set[str]:
    """All images of one gateway."""
    with closing(docker.APIClient()) as client:
        found = client.images(filters={"label": f"jupyter-faas.owner={owner_of(gateway.folder)}"})
        return {str(image["Id"]) for image in found}


def test_deleting_says_what_goes_and_takes_all_of_it(gateway: Gateway) -> None:
    for number in (1, 2):
        gateway.publish(f"def h():\n    return {number}\n", "h")
        assert gateway.call("h").status == 200
    gateway.client.set_alias("h", "prod", "1")
    assert gateway.call("h@prod").json == 1
    digests = {one["digest"] for one in gateway.client.versions("h")["versions"]}
    said = gateway.client.deletion("h")
    assert (said["versions"], said["aliases"], said["images"]) == (2, ["latest", "prod"], 2)
    assert said["instances"] >= 1
    assert said["invocations"] == 3
    gateway.client.delete("h")
    owner = owner_of(gateway.folder)
    eventually(
        lambda: not [one for one in containers_of(owner) if one.labels.get("jupyter-faas.function") == "h"],
        20,
        "its containers are gone",
    )
    eventually(lambda: not digests & images(gateway), 20, "its images are gone")
    gateway.publish("def h():\n    return 3\n", "h")
    assert gateway.client.aliases("h")["aliases"] == {"latest": {"1": 100}}
    assert gateway.call("h@prod").status == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("PUT", "f/aliases/latest", {"versions": {"1": 100}}, 400, "moves by itself"),
        ("PUT", "f/aliases/7", {"versions": {"1": 100}}, 400, "A number is the version itself"),
        ("PUT", "f/aliases/prod", {"versions": {"1": 90, "2": 20}}, 400, "90 + 20 is 110"),
        ("PUT", "f/aliases/prod", {"versions": {"1": "90"}}, 400, "whole number of percent"),
        ("PUT", "f/aliases/prod", {"versions": {"one": 100}}, 400, "not the number of a version"),
        ("PUT", "f/aliases/prod", {"versions": {}}, 400, 'no "versions"'),
        ("PUT", "f/aliases/prod", {"versions": {"99": 100}}, 404, "no version 99"),
        ("PUT", "f/aliases/prod", {"versions": {"1": 100}, "author": 5}, 400, '"author"'),
        ("PUT", "nothing/aliases/prod", {"versions": {"1": 100}}, 404, "no function 'nothing'"),
        ("DELETE", "f/aliases/prod", None, 404, "no alias 'prod'"),
        ("DELETE", "f/aliases/latest", None, 400, "moves by itself"),
        ("DELETE", "f/versions/99", None, 404, "no version 99"),
        ("GET", "f/versions/99", None, 404, "no version 99"),
        ("GET", "f/versions?below=x", None, 400, "not the number of a version"),
        ("GET", "f/versions/3/changes?since=0", None, 400, "not the number of a version"),
        ("POST", "f/rollback", {"to": "last"}, 400, "not the number of a version"),
        ("POST", "f/rollback", {"to": True}, 400, "not the number of a version"),
        ("GET", "nothing/aliases", None, 404, "no function"),
        ("GET", "nothing/deletion", None, 404, "no function"),
    ],
)
def test_misuse(f: Gateway, method: str, path: str, body: Any, status: int, said: str) -> None:
    answer = api(f, method, path, body)
    assert answer.status == status, answer.body
    assert said in answer.json["detail"]


def test_a_version_that_does_not_start_gets_no_calls(gateway: Gateway) -> None:
    gateway.publish("def k():\n    return 1\n", "k")
    fails_later = (
        "import time\nif time.time() > {limit}:\n    raise RuntimeError('too old')\ndef k():\n    return 2\n"
    )
    limit = time.time() + 5
    gateway.publish(fails_later.format(limit=limit), "k")
    gateway.client.roll_back("k", to=1)
    eventually(lambda: time.time() > limit, 20)
    eventually(lambda: gateway.client.version("k", 2)["instances"] == 0, 20, "its instance has gone")
    with pytest.raises(Conflict, match=r"Version 2 of k does not start, so there is no prod yet.*too old"):
        gateway.client.set_alias("k", "prod", "2")
    with pytest.raises(Conflict, match="so latest still leads to 1"):
        gateway.client.roll_back("k", to=2)
    assert gateway.call("k").json == 1


@contextmanager
def under_load(gateway: Gateway, name: str, callers: int = 4) -> Iterator[list[Answer | Exception]]:
    """Callers that call on and on; all their answers at the end."""
    answers: list[Answer | Exception] = []
    stop = threading.Event()

    def call() -> None:
        while not stop.is_set():
            try:
                answers.append(gateway.call(name))
            except OSError as error:
                answers.append(error)

    with ThreadPoolExecutor(callers) as pool:
        for _ in range(callers):
            pool.submit(call)
        try:
            yield answers
        finally:
            stop.set()


def more_than(answers: list[Any], number: int) -> bool:
    return len(answers) > number


def test_moving_an_alias_under_load_fails_no_call(f: Gateway) -> None:
    f.client.set_alias("f", "prod", "1")
    with under_load(f, "f@prod") as answers:
        for target in ("2", "1:50,3:50", "3", "1", "2:10,3:90", "1"):
            seen = len(answers)
            f.client.set_alias("f", "prod", target)
            eventually(partial(more_than, answers, seen + 20), 30)
    assert [one for one in answers if not isinstance(one, Answer) or one.status != 200] == []
    assert {one.json for one in answers if isinstance(one, Answer)} == {1, 2, 3}
    eventually(lambda: f.client.version("f", 2)["instances"] == 0, 20, "the old versions' instances go")


def test_publishing_and_rolling_back_under_load_fails_no_call(f: Gateway) -> None:
    with under_load(f, "f") as answers:
        f.publish(answering(4))
        f.client.roll_back("f", to=2)
        seen = len(answers)
        eventually(lambda: len(answers) > seen + 20, 30)
    assert [one for one in answers if not isinstance(one, Answer) or one.status != 200] == []
    assert f.call("f").json == 2


def test_concurrent_publishes_give_versions_in_order(gateway: Gateway) -> None:
    def publish(number: int) -> int:
        published = gateway.publish(f"def m():\n    return {number}\n", "m", environment={"N": str(number)})
        return int(published["publication"]["version"])

    with ThreadPoolExecutor(4) as pool:
        numbers = dict(zip(range(4), pool.map(publish, range(4)), strict=True))
    assert sorted(numbers.values()) == [1, 2, 3, 4]
    for content, version in numbers.items():
        assert gateway.call(f"m@{version}").json == content, "never a mix"
    assert gateway.call("m").headers["faas-version"] == "4"
    noted = [one["changes"] and one["changes"]["since"] for one in gateway.client.versions("m")["versions"]]
    assert noted == [3, 2, 1, None]


def test_a_version_with_running_calls_is_not_deleted(f: Gateway) -> None:
    f.publish("import time\ndef f(x=0):\n    time.sleep(3)\n    return 4\n")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(f.call, "f@4")
        eventually(lambda: f.client.deletion("f")["calls"], 10)
        f.client.roll_back("f")
        with pytest.raises(Conflict, match="1 call runs on version 4"):
            f.client.delete_version("f", 4)
        assert running.result().json == 4, "the old version's instances finish what they have"
    assert f.client.delete_version("f", 4)["version"] == 4
