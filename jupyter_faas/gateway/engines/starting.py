"""What starting a sandbox has in common in all engines: a deadline, and an end that may come first."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from abc import abstractmethod
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from jupyter_faas.gateway.engines.base import Exit, Sandbox
from jupyter_faas.model.errors import FaasError, InitError, InvocationTimeout

__all__ = ["StartingSandbox", "connection_before_end", "early_end", "init_deadline", "undone_on_failure"]

OUTPUT_CHARACTERS = 2000

logger = logging.getLogger(__name__)


class StartingSandbox(Sandbox):
    """A sandbox whose end can be awaited while nothing is connected to it yet."""

    @abstractmethod
    async def ended(self) -> None:
        """Wait until its first process has ended."""

    @abstractmethod
    async def read_exit(self) -> Exit:
        """How it ended, once it has."""


@asynccontextmanager
async def init_deadline(cap_seconds: float) -> AsyncIterator[None]:
    """Raise ``InvocationTimeout`` (phase ``init``) in the block once ``cap_seconds`` have passed."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(cap_seconds):
            yield
    except TimeoutError:
        raise InvocationTimeout(
            f"The instance did not connect within {cap_seconds:g} s, the cap on starting: the machine or its "
            "engine may be overloaded. Call again; `jupyter faas doctor` says what works here.",
            phase="init",
            cap_seconds=cap_seconds,
            elapsed_seconds=round(time.monotonic() - began, 3),
        ) from None


@asynccontextmanager
async def undone_on_failure(sandbox: Sandbox) -> AsyncIterator[None]:
    """Remove ``sandbox`` if the block fails or is cancelled; a second cancellation doesn't stop that."""
    try:
        yield
    except BaseException:
        await asyncio.shield(asyncio.ensure_future(_undo(sandbox)))
        raise


async def _undo(sandbox: Sandbox) -> None:
    try:
        await sandbox.remove()
    except FaasError as error:
        logger.warning("a sandbox that could not be started could not be removed either: %s", error)


async def connection_before_end(
    connecting: Coroutine[Any, Any, socket.socket], sandbox: StartingSandbox
) -> socket.socket:
    """The connection, or ``InitError`` if the sandbox ends before there is one."""
    connection = asyncio.ensure_future(connecting)
    end = asyncio.ensure_future(sandbox.ended())
    taken = False
    try:
        await asyncio.wait([connection, end], return_when=asyncio.FIRST_COMPLETED)
        if not connection.done():
            raise await early_end(sandbox)
        taken = True
        return connection.result()
    finally:
        connection.cancel()
        end.cancel()
        await asyncio.gather(connection, end, return_exceptions=True)
        if not taken and not connection.cancelled() and connection.exception() is None:
            connection.result().close()


async def early_end(sandbox: StartingSandbox) -> InitError:
    """The error that says how a sandbox ended that should have connected."""
    result = await sandbox.read_exit()
    memory = " It ran out of memory." if result.out_of_memory else ""
    printed = f" It printed: {result.output[-OUTPUT_CHARACTERS:]}" if result.output else ""
    return InitError(
        f"The instance ended with status {result.status} before it was ready.{memory}{printed}",
        exit_status=result.status,
        out_of_memory=result.out_of_memory,
        output=result.output,
    )
