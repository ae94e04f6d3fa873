"""Publishing from notebooks: again, with faults, at the same time. A failed publish harms nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import BuildError, FaasError
from tests.support.gateway import Gateway, bundle_of
from tests.support.notebook import execute, notebook_of, text_of

pytestmark = pytest.mark.docker

ADD = """%%publish
def add(a: int, b: int = 1) -> int:
    return a + b"""

GUARD = """def guard(f):
    import os
    if os.getuid() == 10001:
        raise RuntimeError("not here")
    return f"""


def run(gateway: Gateway, folder: Path, *cells: str, allow_errors: bool = False) -> list[Any]:
    notebook = execute(notebook_of(cells), gateway, folder, allow_errors)
    return list(notebook.cells[1:])


def test_publishing_the_same_again_changes_nothing_and_says_so(gateway: Gateway, tmp_path: Path) -> None:
    run(gateway, tmp_path, ADD)
    (again,) = run(gateway, tmp_path, ADD)
    assert "nothing has changed" in text_of(again)
    assert gateway.client.function("add")["versions"] == 1
    _, other = run(gateway, tmp_path, ADD, ADD.replace("a + b", "a + b + 0"))
    assert gateway.client.function("add")["version"] == 2
    assert "version 2" in text_of(other).lower()


def test_what_is_shown(gateway: Gateway, tmp_path: Path) -> None:
    (cell,) = run(gateway, tmp_path, ADD.replace("add", "shown"))
    text = text_of(cell)
    for expected in (
        "capture",
        "environment",
        "image",
        "check",
        "live",
        "curl",
        f"{gateway.url}/functions/shown",
    ):
        assert expected in text, text
    assert gateway.token not in str(cell)
    html = "".join(str(output.get("data", {}).get("text/html", "")) for output in cell.outputs)
    assert f"{gateway.url}/functions/shown" in html


def test_a_failing_import_keeps_the_old_version(gateway: Gateway, tmp_path: Path) -> None:
    cells = (GUARD, ADD.replace("def", "@guard\ndef"))
    run(gateway, tmp_path, ADD)
    before = gateway.client.function("add")["version"]
    _, failed = run(gateway, tmp_path, *cells, allow_errors=True)
    text = text_of(failed)
    assert "RuntimeError: not here" in text
    assert "In[2], line 4" in text
    function = gateway.client.function("add")
    assert function["version"] == before
    assert gateway.call("add", {"a": 1}).json == 2


DOUBLE = """%%publish
def double(x: int) -> int:
    \"\"\"Twice the number.

    >>> double(4)
    8
    >>> double("a")
    Traceback (most recent call last):
    TypeError: no text
    \"\"\"
    if isinstance(x, str):
        raise TypeError("no text")
    return 2 * x"""


def test_examples_are_proven_before_a_version_goes_live(gateway: Gateway, tmp_path: Path) -> None:
    (proven,) = run(gateway, tmp_path, DOUBLE)
    assert "its examples hold" in text_of(proven)
    assert "2 examples" in text_of(proven)
    version = gateway.client.function("double")["version"]
    (failed,) = run(gateway, tmp_path, DOUBLE.replace("return 2 * x", "return 3 * x"), allow_errors=True)
    assert "double(4)" in text_of(failed)
    assert "'8'" in text_of(failed)
    assert "'12'" in text_of(failed)
    assert gateway.client.function("double")["version"] == version
    assert gateway.call("double", {"x": 5}).json == 10


def test_a_check_must_agree_in_kernel_and_image(gateway: Gateway, tmp_path: Path) -> None:
    cell = '%%publish --check "{}"\ndef whose() -> int:\n    import os\n    return os.getuid()'
    (agreed,) = run(gateway, tmp_path, cell.format("whose() >= 0"))
    assert "1 example" in text_of(agreed)
    (differs,) = run(gateway, tmp_path, cell.format("whose() == 10001"), allow_errors=True)
    assert "whose() == 10001" in text_of(differs)
    assert "'False'" in text_of(differs)
    assert "'True'" in text_of(differs)
    assert gateway.client.function("whose")["version"] == 1


@pytest.mark.parametrize(
    ("check", "says"),
    [
        ("1 +", "is not an expression"),
        ("nothing_here", "NameError"),
        ("object()", "differs from process to process"),
        ("unchecked() + len(In)", "uses In, which the function doesn't use"),
    ],
)
def test_checks_that_can_not_be_one(gateway: Gateway, tmp_path: Path, check: str, says: str) -> None:
    cell = f'%%publish --check "{check}"\ndef unchecked() -> int:\n    return 1'
    (failed,) = run(gateway, tmp_path, cell, allow_errors=True)
    assert says in text_of(failed)
    assert gateway.call("unchecked").status == 404


def test_what_an_example_changes_is_gone_when_the_function_is_live(gateway: Gateway) -> None:
    source = "seen = []\ndef once():\n    seen.append(1)\n    return len(seen)\n"
    gateway.publish(source, "once", proof=">>> once()\n1\n>>> once()\n2\n")
    assert gateway.call("once").json == 1


def test_an_example_that_never_ends_is_ended(gateway: Gateway) -> None:
    source = "def forever():\n    while True: pass\n"
    with pytest.raises(BuildError) as failure:
        gateway.publish(source, "forever", proof=">>> forever()\n", caps=Caps(timeout_seconds=0.5))
    assert failure.value.figures["cause"] == "timeout"
    assert gateway.call("forever").status == 404


def test_a_requirement_that_does_not_exist(gateway: Gateway, tmp_path: Path) -> None:
    (failed,) = run(
        gateway, tmp_path, ADD.replace("%%publish", "%%publish --require six==0.0.99"), allow_errors=True
    )
    text = text_of(failed)
    assert "six" in text
    assert "0.0.99" in text


def test_environments_are_shared(gateway: Gateway) -> None:
    requirements = ("six==1.16.0",)
    source = "import six\ndef {name}():\n    return six.__version__\n"
    first = gateway.publish(source.format(name="one"), "one", requirements=requirements)
    events: list[tuple[str, dict[str, Any]]] = []
    bundle = bundle_of(source.format(name="two"), "two", requirements=requirements)
    second = gateway.client.publish(bundle, {}, lambda name, data: events.append((name, data)))
    assert first["publication"]["environment_packages"] == ["six==1.16.0"]
    assert second["publication"]["environment_packages"] == ["six==1.16.0"]
    assert second["publication"]["layer_bytes"] < 64_000
    states = {data["step"]: data["state"] for name, data in events if name == "step"}
    assert states["environment"] == "reused"
    assert gateway.call("two").json == "1.16.0"


def test_simultaneous_publishes_of_one_name_are_versions_in_order(gateway: Gateway) -> None:
    def publish(number: int) -> dict[str, Any]:
        return gateway.publish(f"def racing():\n    return {number}\n", "racing")

    with ThreadPoolExecutor(4) as publishers:
        published = list(publishers.map(publish, range(4)))
    versions = [entry["publication"]["version"] for entry in published]
    assert sorted(versions) == [1, 2, 3, 4]
    for number, version in enumerate(versions):
        assert gateway.call(f"racing@{version}").json == number
    assert gateway.call("racing").headers["faas-version"] == "4"


def test_moving_to_a_new_version_fails_no_call(gateway: Gateway) -> None:
    gateway.publish("def moving():\n    return 0\n", "moving")
    with ThreadPoolExecutor(3) as callers:
        calls = [callers.submit(gateway.call, "moving") for _ in range(60)]
        for number in (1, 2, 3):
            gateway.publish(f"def moving():\n    return {number}\n", "moving")
            calls += [callers.submit(gateway.call, "moving") for _ in range(60)]
        answers = [call.result() for call in calls]
    assert {answer.status for answer in answers} == {200}
    assert {answer.json for answer in answers} >= {3}


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import nothing_of_this_name\ndef broken(): pass\n", "ModuleNotFoundError"),
        ("def broken(:\n", "SyntaxError"),
        ("def other(): pass\n", "broken"),
        ("import os\nos._exit(7)\ndef broken(): pass\n", "7"),
        ("raise SystemExit(1)\n", "SystemExit"),
        ("x = bytearray(10**9)\ndef broken(): pass\n", "memory"),
    ],
)
def test_whatever_breaks_the_start_fails_the_publish(gateway: Gateway, source: str, says: str) -> None:
    with pytest.raises(BuildError) as failure:
        gateway.publish(source, "broken")
    assert failure.value.figures["step"] == "check"
    assert says in failure.value.detail
    assert gateway.call("broken").status == 404


@pytest.mark.parametrize(
    "manifest",
    [
        {"input_schema": {"type": "nonsense"}},
        {"input_schema": {"$ref": "http://127.0.0.1:9/schema.json"}},
        {"python": "3.4"},
    ],
)
def test_manifests_that_make_no_sense(gateway: Gateway, manifest: dict[str, Any]) -> None:
    with pytest.raises(FaasError):
        gateway.publish("def odd(): pass\n", "odd", **manifest)
    assert gateway.call("odd").status == 404
