"""Builds: one publish each, followed by any number of listeners from its first event on."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Literal

from jupyter_faas.model.errors import FaasError, NotFound

__all__ = ["Build", "Builds"]

State = Literal["running", "live", "unchanged", "failed"]
MAX_BUILDS = 200
"""Ended builds that are remembered."""
HEARTBEAT_SECONDS = 10.0


class Build:
    """The course of one publish, times in seconds; ``aliases`` are to lead to its version like ``latest``."""

    def __init__(self, function: str, ended: Callable[[State], None], aliases: Sequence[str] = ()) -> None:
        self.aliases = tuple(aliases)
        self._ended = ended
        self.id = secrets.token_hex(8)
        self.function = function
        self.state: State = "running"
        self.publication: dict[str, Any] | None = None
        self.problem: dict[str, Any] | None = None
        self._events: list[tuple[str, dict[str, Any]]] = []
        self._steps: dict[str, dict[str, Any]] = {}
        self._begun: dict[str, float] = {}
        self._changed = asyncio.Event()

    def begin(self, step: str, detail: str = "") -> None:
        """A step starts."""
        self._begun[step] = asyncio.get_running_loop().time()
        self._report(step, "started", detail)

    def progress(self, step: str, detail: str) -> None:
        """A step has something to say."""
        self._report(step, "progress", detail)

    def finish(self, step: str, detail: str = "", reused: bool = False) -> None:
        """A step is done, or found that it had been done before."""
        self._report(step, "reused" if reused else "done", detail)

    def succeed(self, state: Literal["live", "unchanged"], publication: dict[str, Any]) -> None:
        """The build has ended well."""
        self.state, self.publication = state, publication
        self._ended(state)
        self._emit(state, publication)

    def fail(self, error: FaasError) -> None:
        """The build has ended badly."""
        self.state, self.problem = "failed", error.problem()
        self._ended("failed")
        self._emit("failed", self.problem)

    @property
    def step(self) -> str:
        """The step that it has come to; empty before the first."""
        return next(reversed(self._steps), "")

    def describe(self) -> dict[str, Any]:
        """The build as the API shows it."""
        return {
            "id": self.id,
            "function": self.function,
            "state": self.state,
            "steps": list(self._steps.values()),
            "publication": self.publication,
            "problem": self.problem,
        }

    async def events(self) -> AsyncIterator[tuple[str, dict[str, Any]] | None]:
        """All events, from the first one to the last; ``None`` when there was none for a while."""
        seen = 0
        while True:
            while seen < len(self._events):
                yield self._events[seen]
                seen += 1
            if self.state != "running":
                return
            try:
                await asyncio.wait_for(self._changed.wait(), HEARTBEAT_SECONDS)
            except TimeoutError:
                yield None

    def _report(self, step: str, state: str, detail: str) -> None:
        seconds = asyncio.get_running_loop().time() - self._begun[step]
        event = {"step": step, "state": state, "seconds": round(seconds, 3), "detail": detail}
        self._steps[step] = event
        self._emit("step", event)

    def _emit(self, name: str, data: dict[str, Any]) -> None:
        self._events.append((name, data))
        self._changed.set()
        self._changed = asyncio.Event()


class Builds:
    """The builds that run, and the last ones that did."""

    def __init__(self) -> None:
        self._builds: OrderedDict[str, Build] = OrderedDict()
        self.ended: dict[State, int] = {"live": 0, "unchanged": 0, "failed": 0}
        """How many builds have ended since the gateway was started, by how."""

    def start(self, function: str, aliases: Sequence[str] = ()) -> Build:
        """A new build."""
        build = Build(function, self._count, aliases)
        self._builds[build.id] = build
        ended = [key for key, other in self._builds.items() if other.state != "running"]
        for key in ended[:-MAX_BUILDS]:
            del self._builds[key]
        return build

    @property
    def running(self) -> int:
        """How many have not ended."""
        return sum(build.state == "running" for build in self._builds.values())

    def under_way(self) -> dict[str, str]:
        """The functions that are being published, each with the step that its build has come to."""
        return {build.function: build.step for build in self._builds.values() if build.state == "running"}

    def get(self, identifier: str) -> Build:
        """A build by its id; raises ``NotFound``."""
        build = self._builds.get(identifier)
        if build is None:
            raise NotFound(
                f"There is no build {identifier!r}; builds are forgotten when the gateway restarts. "
                "What was live before still is; publish again."
            )
        return build

    def _count(self, state: State) -> None:
        self.ended[state] += 1
