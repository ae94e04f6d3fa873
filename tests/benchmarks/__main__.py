"""``make bench``: what our way costs, as ratios to references measured in turns in the same run."""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import docker
from jupyter_client.manager import start_new_kernel

from tests.benchmarks.burst import burst
from tests.benchmarks.cold import cold_calls
from tests.benchmarks.deadline import deadline
from tests.benchmarks.density import density
from tests.benchmarks.environments import new_environments
from tests.benchmarks.figures import Comparison, Rates, Reading, seconds
from tests.benchmarks.history import history
from tests.benchmarks.imports import client_import
from tests.benchmarks.panel import panel
from tests.benchmarks.pressure import pressure
from tests.benchmarks.processes import two_processes
from tests.benchmarks.registered import registered
from tests.benchmarks.targets import table
from tests.benchmarks.warm import warm_calls
from tests.benchmarks.workers import shared_memory, worker_after_kill
from tests.support.docker import cleaned_up
from tests.support.gateway import Gateway

ECHO = "def echo(x):\n    return {'x': x}\n"
PUBLISHES = 10


def code_only_publish(gateway: Gateway) -> Iterator[Comparison]:
    """From running the changed cell in a real kernel to the answer of the first call, environment known."""
    gateway.publish(ECHO, "echo")
    image = gateway.client.function("echo")["digest"]
    ours, reference = [], []
    with kernel(gateway) as execute:
        execute("%load_ext jupyter_faas")
        for number in range(PUBLISHES + 1):
            cell = f"%%publish\ndef changing() -> int:\n    return {number}"

            def publish_and_call(cell: str = cell, number: int = number) -> None:
                execute(cell)
                assert gateway.call("changing").json == number

            def build(number: int = number) -> None:
                docker_build(gateway.folder, image, number)

            ours.append(seconds(publish_and_call))
            reference.append(seconds(build))
    yield Comparison("code-only publish and first call", ours[1:], "docker build alone", reference[1:])


def docker_build(folder: Path, image: str, number: int) -> None:
    """The same change as an image, the usual way."""
    context = folder / "context"
    context.mkdir(exist_ok=True)
    (context / "handler.py").write_text(f"def changing():\n    return {number}\n")
    (context / "Dockerfile").write_text(f"FROM {image}\nCOPY handler.py /opt/faas/function/\n")
    with closing(docker.from_env()) as client:
        built, _ = client.images.build(path=str(context), rm=True)
        client.images.remove(str(built.id), force=True)


@contextmanager
def kernel(gateway: Gateway) -> Iterator[Callable[[str], None]]:
    """A real kernel; the function executes a cell in it."""
    manager, client = start_new_kernel(env=gateway.environment)

    def execute(cell: str) -> None:
        reply = client.execute_interactive(cell, output_hook=lambda _: None, timeout=60)
        assert reply["content"]["status"] == "ok", reply["content"]

    try:
        yield execute
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def workers(gateway: Gateway) -> Iterator[Comparison | Reading]:
    """What the fork of workers costs and saves."""
    yield worker_after_kill(gateway)
    yield shared_memory()


GROUPS: dict[str, Callable[[Gateway], Iterator[Comparison | Rates | Reading]]] = {
    "warm": warm_calls,
    "processes": two_processes,
    "pressure": pressure,
    "cold": cold_calls,
    "burst": burst,
    "publish": code_only_publish,
    "environments": new_environments,
    "workers": workers,
    "density": density,
    "deadline": deadline,
    "registered": registered,
    "history": history,
    "import": client_import,
    "panel": panel,
}
"""What there is to measure, in this order; each gets a gateway that all share."""


def chosen(names: str) -> list[str]:
    """The groups of a list such as ``warm,cold``; all, if it is empty. Ends the program for any other."""
    wanted = [name for name in names.split(",") if name]
    if unknown := set(wanted) - set(GROUPS):
        raise SystemExit(f"There is no group {', '.join(sorted(unknown))}: choose of {', '.join(GROUPS)}.")
    return wanted or list(GROUPS)


def main() -> None:
    """Measure, print, and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    parser.add_argument("--groups", default="", help=f"which to measure, of {','.join(GROUPS)}; else all")
    arguments = parser.parse_args()
    groups = chosen(arguments.groups)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with cleaned_up(folder):
            gateway = Gateway(folder)
            try:
                gateway.start()
                results = []
                for name in groups:
                    for result in GROUPS[name](gateway):
                        results.append(result)
                        print(result.describe(), flush=True)  # noqa: T201
            finally:
                gateway.close()
    print("\n".join(table([result.as_json() for result in results])))  # noqa: T201
    if arguments.json:
        machine = {"machine": platform.platform(), "python": platform.python_version()}
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        document = {**machine, "results": [result.as_json() for result in results]}
        arguments.json.write_text(json.dumps(document, indent=1))
        print(f"Written to {arguments.json}")  # noqa: T201


if __name__ == "__main__":
    main()
