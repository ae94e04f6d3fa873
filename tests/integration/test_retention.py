"""Old versions go by the policy, with what only they needed; a gateway that is killed leaves nothing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import docker
import pytest

from jupyter_faas.model.bundle import digest_of
from jupyter_faas.model.errors import NotFound
from tests.conftest import running
from tests.support.docker import owner_of, require_docker
from tests.support.gateway import Gateway, bundle_of
from tests.support.waiting import eventually

pytestmark = pytest.mark.docker


@pytest.fixture
def forgetful(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that keeps the last version only, and what is needed."""
    require_docker()
    policy = ("--Retention.keep_versions=1", "--Retention.keep_seconds=0", "--Retention.every_seconds=0")
    with running(tmp_path / "gateway", *policy) as gateway:
        yield gateway


def image_ids(gateway: Gateway) -> set[str]:
    with closing(docker.APIClient()) as client:
        label = {"label": f"jupyter-faas.owner={owner_of(gateway.folder)}"}
        return {str(image["Id"]) for image in client.images(filters=label)}


def bundles(gateway: Gateway) -> list[Path]:
    return list((gateway.folder / "data" / "bundles").iterdir())


def test_what_is_not_kept_goes_with_all_that_it_needed(forgetful: Gateway) -> None:
    client = forgetful.client
    for number in range(1, 6):
        forgetful.publish(f"def f():\n    return {number}\n")
        assert forgetful.call("f").json == number
    client.set_alias("f", "prod", "1")
    digests = {one["version"]: one["digest"] for one in client.versions("f")["versions"]}
    eventually(lambda: sum(one["instances"] for one in client.versions("f")["versions"]) <= 2, 20)
    before = client.disk()
    assert before["images"]["function"]["count"] == 5
    assert before["database"]["bytes"] > 10_000
    for path in bundles(forgetful):
        os.utime(path, (0, 0))

    said = client.prune(dry_run=True)
    assert [one["version"] for one in said["versions"]] == [3, 2], "1 is prod, 5 latest, 4 the way back"
    assert (said["kept"], said["images"]["function"], said["bundles"]) == (3, 2, 2)
    assert said["bytes"] > 0
    assert client.versions("f")["total"] == 5, "nothing has gone yet"

    done = client.prune()
    assert [one["version"] for one in done["versions"]] == [3, 2]
    left = image_ids(forgetful)
    assert {number for number, digest in digests.items() if digest in left} == {1, 4, 5}
    assert len(bundles(forgetful)) == 3
    assert client.disk()["images"]["function"]["count"] == 3
    assert client.prune(dry_run=True)["versions"] == []
    assert forgetful.call("f@prod").json == 1
    with pytest.raises(NotFound):
        client.version("f", 2)
    assert client.roll_back("f")["versions"] == {"4": 100}
    assert forgetful.publish("def f():\n    return 6\n")["publication"]["version"] == 6
    doctor = subprocess.run(
        [sys.executable, "-m", "jupyter_faas.gateway.doctor", "--engine", "docker"],
        env=forgetful.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ok   disk use: database" in doctor.stdout, doctor.stdout
    assert "4 function images" in doctor.stdout


def test_uploads_and_what_a_killed_gateway_left(forgetful: Gateway) -> None:
    client = forgetful.client
    for number in (1, 2):
        forgetful.publish(f"def f():\n    return {number}\n")
    first = client.version("f", 1)["digest"]
    content = bundle_of("def g():\n    return 1\n", "g").pack()
    digest = digest_of(content)
    assert forgetful.request("PUT", f"/api/v1/bundles/{digest}", content).status == 201
    assert client.prune()["bundles"] == 0, "it was uploaded just now"
    assert len(bundles(forgetful)) >= 2
    for path in bundles(forgetful):
        os.utime(path, (0, 0))
    assert forgetful.request("HEAD", f"/api/v1/bundles/{digest}").status == 200, "which keeps it for a while"
    client.prune()
    assert any(path.stem == digest.removeprefix("sha256:") for path in bundles(forgetful))

    # As if it had been killed between the removal of a version's row and that of its image.
    third = forgetful.publish("def f():\n    return 3\n")["publication"]["digest"]
    forgetful.publish("def f():\n    return 4\n")
    forgetful.kill()
    with closing(sqlite3.connect(forgetful.folder / "data" / "gateway.sqlite")) as database:
        database.execute("DELETE FROM versions WHERE number = 3")
        database.commit()
    forgetful.start()
    assert third in image_ids(forgetful)
    assert first not in image_ids(forgetful)
    forgetful.client.prune()
    assert third not in image_ids(forgetful)
    assert forgetful.call("f").json == 4


MANY_CALLS = """
WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 300000)
INSERT INTO invocations (id, function, version, status, started, queue_ms, start_ms, run_ms, cpu_ms,
    peak_bytes, cold, start)
SELECT printf('%024x', x), 'f', 1, 200, 1.7e9 + x, 0.1, 0, 1.5, 1, 30000000, 0, 'warm' FROM n
"""


@pytest.fixture
def remembering(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that drops no call of its history by itself."""
    require_docker()
    with running(
        tmp_path / "gateway", "--GatewayApp.history=1000000", "--GatewayApp.history_days=0"
    ) as gateway:
        yield gateway


def test_a_long_history_goes_without_keeping_others_waiting(remembering: Gateway) -> None:
    for name in ("f", "g"):
        remembering.publish(f"def {name}():\n    return 1\n", name)
        remembering.call(name)
    remembering.stop()
    with closing(sqlite3.connect(remembering.folder / "data" / "gateway.sqlite")) as database:
        database.execute(MANY_CALLS)
        database.execute("INSERT INTO details SELECT sequence, function, NULL, x'41' FROM invocations")
        database.commit()
    remembering.start()
    remembering.call("g")
    answers = 0
    with ThreadPoolExecutor(1) as pool:
        deleting = pool.submit(remembering.client.delete, "f")
        while not deleting.done():
            assert remembering.call("g").status == 200
            answers += remembering.request("GET", "/api/v1/functions/g/invocations").status == 200
    assert deleting.result()["invocations"] == 300_001
    assert answers >= 5, "in one piece it would keep the first ones waiting until its end"
    assert {call["function"] for call in remembering.client.invocations(None, 100)} == {"g"}
    with pytest.raises(NotFound):
        remembering.client.invocations("f")


def test_kill_between_the_steps_of_a_move(remembering: Gateway) -> None:
    """Whatever had been saved is what holds after the next start."""
    for number in (1, 2):
        remembering.publish(f"def f():\n    return {number}\n")
    remembering.client.set_alias("f", "prod", "1:50,2:50")
    remembering.client.roll_back("f", to=1)
    remembering.kill()
    remembering.start()
    assert remembering.client.aliases("f")["aliases"] == {"latest": {"1": 100}, "prod": {"1": 50, "2": 50}}
    assert remembering.call("f").json == 1
    assert remembering.call("f@prod").json in (1, 2)
    assert remembering.publish("def f():\n    return 3\n")["publication"]["version"] == 3
