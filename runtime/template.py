"""The first process of an instance: it imports the function, forks the template off, and works.

Its life has stages: the environment (streams, limits, working directory), of which nothing depends on the
function; the function (its environment values, its network, its import); the template, from which all later
workers are forked; and then the calls. Where a fork wouldn't be a good copy (``forksafety.py``), there is no
template, and each worker begins here.
"""

from __future__ import annotations

import os
import time

from . import forking, forksafety, joining, streams
from .calls import Caller, cpu_seconds, flush_output, peak_bytes
from .facade import install
from .failures import Failures
from .files import link_files
from .forking import NO_TEMPLATE
from .frames import Kind
from .loading import import_entry, prepare_path, read_manifest
from .outcomes import CallFailed
from .tracebacks import Tracebacks
from .worker import Connection

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket

    from .outcomes import Outcome
    from .settings import Settings


def main(
    settings: Settings,
    control: socket.socket,
    outputs: list[int],
    template: int | None,
    imports: list[str] | None = None,
) -> None:
    """Import the function and run its calls; ``template`` is the control connection of a template to be.

    With ``imports`` there is no function yet: import these and wait for it.
    """
    start = time.monotonic()
    connection = open_environment(settings, control, outputs, template)
    if imports is not None:
        from .preparation import await_function

        vars(settings).update(await_function(settings, imports, connection))
        start = time.monotonic()
    caller, outcome = open_function(settings, connection)
    connection.check_owner()
    flush_output()  # what is buffered now would be written by each worker once more
    if caller is None:
        connection.send(Kind.FAILED, outcome)
        return
    forkable = template is not None and caller.forkable and _can_fork(settings)
    init_seconds = round(time.monotonic() - start, 6)
    ready = {"init_seconds": init_seconds, "cpu_total": cpu_seconds(), "template": forkable}
    connection.send(
        Kind.READY, ready
    )  # while the gateway sends the first call, the template comes into being
    if forkable:
        if forking.fork_template(connection, settings):
            connection.send(Kind.READY, {"init_seconds": init_seconds, "cpu_total": cpu_seconds()})
    elif template is not None:
        connection.send(Kind.TEMPLATE, {"pid": 0, "alone": True})
        os.close(streams.TEMPLATE)
    connection.serve(caller)


def open_environment(
    settings: Settings, control: socket.socket, outputs: list[int], template: int | None
) -> Connection:
    """The first stage: nothing of it depends on the function."""
    joining.join_supervisor(settings)
    streams.arrange(control.detach(), outputs, template)
    streams.open_text()
    streams.send_records(settings.log_level)
    joining.settle(settings)
    return Connection(settings.notes)


def open_function(settings: Settings, connection: Connection) -> tuple[Caller | None, Outcome]:
    """The second stage: the function, ready to be called, or how its import failed."""
    os.environ.update(settings.environment)
    if settings.network_denied:
        from .seccomp import deny_network

        deny_network()  # where the kernel refuses, the engine's isolation has to do
    handler = f"{settings.root}/function/handler.py"
    failures = Failures(Tracebacks(handler, []), settings.network_denied, settings.memory_cap)
    try:
        manifest = read_manifest(settings.root)
        tracebacks = Tracebacks(handler, manifest.get("segments", []))
        failures = Failures(tracebacks, settings.network_denied, settings.memory_cap)
        link_files(f"{settings.root}/function", manifest.get("files", ()), settings.scratch)
        prepare_path(settings.root)
        install()
        entry = import_entry(settings.root, manifest["entry"])
        caller = Caller(entry, failures, settings.result_bytes, {**manifest, "caps": settings.caps})
        caller.prepare(connection)
        return caller, {}
    except CallFailed as error:
        return None, error.outcome()
    except BaseException as error:
        return None, failures.outcome("init-error", error, peak_bytes())


def _can_fork(settings: Settings) -> bool:
    """Whether workers forked from here would be what they are when each imports for itself; else logged."""
    try:
        reason = forksafety.hindrance(settings.notes)
    except Exception as error:  # the import may have replaced anything
        reason = f"its fork can't be judged ({type(error).__name__})"
    if reason:
        streams.log_record("INFO", NO_TEMPLATE.format(reason))
    return not reason
