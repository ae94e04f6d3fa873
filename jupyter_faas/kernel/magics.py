"""The magics: ``%%publish`` and ``%faas``."""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from IPython.core.magic import (
    Magics,
    cell_magic,
    line_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
)

from jupyter_faas.client import GatewayClient, connect
from jupyter_faas.client.connection import Connection, ensure_gateway, find_gateway
from jupyter_faas.kernel.annotation import Annotation, parse_annotation, parse_words, publish_arguments
from jupyter_faas.kernel.capture import Capture, capture, notebook_path
from jupyter_faas.kernel.cells import transformed
from jupyter_faas.kernel.choice import is_chosen, more_aliases, only_shown
from jupyter_faas.kernel.commands import run_command
from jupyter_faas.kernel.compared import compared, with_changes
from jupyter_faas.kernel.completion import complete_in
from jupyter_faas.kernel.display import Progress, quiet, screen_for
from jupyter_faas.kernel.held_back import call_here, is_held_back
from jupyter_faas.kernel.invoking import invoke
from jupyter_faas.kernel.lines import Call
from jupyter_faas.kernel.ran import annotated_cells, prepare
from jupyter_faas.kernel.receipt import Receipt
from jupyter_faas.kernel.runs import record_runs
from jupyter_faas.model.errors import AnnotationError, FaasError
from jupyter_faas.model.examples import example_arguments, file_arguments
from jupyter_faas.model.units import format_duration

__all__ = ["FaasMagics", "prepare_annotated", "publish_annotated", "register"]

NO_ISOLATION: Final = (
    "There is no Docker here: the function runs as a process of your own user and can do what you can do."
)


class CellFailed(Exception):
    """The cell itself raised, so that there is nothing to publish; its traceback has been shown."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def register(shell: InteractiveShell) -> None:
    """Make the magics known to ``shell``; doing it again is harmless."""
    shell.register_magics(FaasMagics)
    record_runs(shell)
    complete_in(shell)


def prepare_annotated(source: str, words: Sequence[str]) -> None:
    """Before an annotated cell runs: ``jupyter faas publish`` calls this in the notebook's kernel."""
    try:
        prepare(_this_shell(), source, parse_words(words), lines_above=0)
    except FaasError as error:
        raise quiet(error) from None


def publish_annotated(source: str, words: Sequence[str]) -> None:
    """After an annotated cell ran: ``jupyter faas publish`` calls this in the notebook's kernel."""
    shell = _this_shell()
    try:
        annotation = parse_words(words)
    except FaasError as error:
        raise quiet(error) from None
    FaasMagics(shell).publish_ran(source, annotation)


def _this_shell() -> InteractiveShell:
    shell: InteractiveShell = InteractiveShell.instance()
    return shell


@magics_class
class FaasMagics(Magics):
    """``%%publish`` and ``%faas`` for one shell."""

    shell: InteractiveShell

    @publish_arguments
    @no_var_expand
    @cell_magic
    def publish(self, line: str, cell: str) -> None:
        """Run this cell, then publish a function of it behind an HTTP endpoint.

        What the function uses of the notebook (helpers, imports, data, own modules) goes along. Durations are
        written 250ms, 5s, 2m or 1h; sizes 512KB, 256MB, 1GB, or 256MiB for powers of two.
        """
        progress = Progress(screen_for(self.shell))
        try:
            annotation = parse_annotation(line)
            prepare(self.shell, cell, annotation)
            self._run(cell)
            self._publish(cell, annotation, progress)
        except FaasError as error:
            progress.fail(error)
            raise quiet(error) from None

    @no_var_expand
    @needs_local_scope
    @line_magic
    def faas(self, line: str, local_ns: Mapping[str, Any] | None = None) -> Any:
        """List, show, call and delete published functions and their versions, read logs, look at the gateway.

        ::

            %faas list                      the functions of the gateway
            %faas show NAME                 one function: its address, schema, packages, caps
            %faas invoke NAME key=value …   call it; a value is JSON, text, or {an expression} of this kernel:
                                            q=0.5 name=Ada xs=[1, 2] table={df[df.a > 1]}
            %faas invoke NAME {"key": …}    the same with the arguments as one JSON object, or as {a_dict}
            %faas invoke --accept TYPE …    the result in another form: text/csv, image/svg+xml
            %faas logs NAME [-f]            what it wrote; -f goes on with each new line until interrupted
            %faas history [NAME]            the last calls, of one function or of all: --status 5xx, --code
                                            timeout, --version N, --since 2h, --min-duration 200ms, --limit N
            %faas caps NAME                 what its calls use of its caps, and which would fit better; with
                                            --memory 1GB and so on: a new version with these, without a build
            %faas errors NAME               its errors, grouped by their kind and cell line
            %faas invocation ID             one call: figures, error, and what it wrote
            %faas replay ID [key=value …]   run a call that --record has kept again, with this kernel's
                                            function; --version N: with a version or alias at the gateway
            %faas versions NAME             its versions: when, by whom, from which cell, and what changed
            %faas diff NAME 6 7             what is different in version 7
            %faas alias NAME prod 7         NAME@prod means version 7; 7:90,8:10 shares its calls out
            %faas rollback NAME [--to N]    move latest back to the version that last served well
            %faas prune [--dry-run]         remove old versions, and what nothing needs any more
            %faas delete NAME [--yes]       delete it with all its versions; NAME@7: that version alone
            %faas publish                   publish the cells that ran with a first line #| publish
            %faas publish --whole [FILE]    publish this notebook, as it was last saved: each call runs it
            %faas gateway                   the gateway: its address, engine and state

        ``result = %faas invoke …`` is what the function returned: a DataFrame, an array, a picture.
        ``--gateway URL`` before the command asks another gateway than the local one.
        """
        namespace = {**self.shell.user_ns, **(local_ns or {})}
        try:
            words = _words(line) if line.split()[:1] == ["publish"] else []
            if words:
                self._publish_whole(words[1:]) if "--whole" in words else self._publish_annotated(words[1:])
                return None
            return run_command(line, connect, namespace, self._invoke)
        except FaasError as error:
            raise quiet(error) from None

    def _invoke(
        self,
        connected: Callable[[], GatewayClient],
        name: str,
        arguments: Mapping[str, Any],
        accept: str | None,
    ) -> Any:
        if is_held_back(self.shell, name):
            return call_here(self.shell, name, arguments)
        with connected() as gateway:
            return invoke(gateway, name, arguments, accept)

    def publish_ran(self, source: str, annotation: Annotation) -> None:
        """Publish an annotated cell without a magic, whose ``source`` has run."""
        progress = Progress(screen_for(self.shell))
        try:
            self._publish(source, annotation, progress, lines_above=0)
        except FaasError as error:
            progress.fail(error)
            raise quiet(error) from None

    def _publish_whole(self, words: list[str]) -> None:
        """Publish the notebook of this kernel, or the file that the words begin with."""
        from jupyter_faas.kernel.whole.capture import Proof, annotation_of, capture_notebook
        from jupyter_faas.kernel.whole.source import read_notebook

        proof = Proof(run="--no-execute" not in words)
        words = [word for word in words if word not in ("--whole", "--no-execute")]
        named = words.pop(0) if words and words[0].endswith(".ipynb") else notebook_path(self.shell.user_ns)
        if not named:
            raise AnnotationError(
                "This kernel doesn't know its notebook's file. Name it: %faas publish --whole FILE.ipynb."
            )
        progress = Progress(screen_for(self.shell))
        try:
            annotation = annotation_of(read_notebook(Path(named)), words)
            self._publish_captured(lambda: capture_notebook(Path(named), words, proof), annotation, progress)
        except FaasError as error:
            progress.fail(error)
            raise quiet(error) from None

    def _publish_annotated(self, words: Sequence[str] = ()) -> None:
        if words:
            raise AnnotationError(
                f"%faas publish takes no {words[0]} without --whole: a cell's first line has its options."
            )
        found = annotated_cells(self.shell)
        if not found:
            raise AnnotationError("No cell with a first line `#| publish` has run in this kernel.")
        for source, annotation in found:
            self.publish_ran(source, annotation)

    def _run(self, cell: str) -> None:
        if _in_event_loop() and self._awaits(cell):
            raise AnnotationError(
                "A %%publish cell can't await at its top level here, because a cell magic runs inside the "
                "kernel's event loop. Put the await into a cell of its own."
            )
        result: ExecutionResult = self.shell.run_cell(cell, store_history=False)
        if not result.success:
            raised = result.error_in_exec or result.error_before_exec
            raise CellFailed(f"The cell raised {type(raised).__name__}, so nothing was published.")

    def _awaits(self, cell: str) -> bool:
        try:
            source = transformed(self.shell, cell)
        except SyntaxError:  # running it will say so
            return False
        return self.shell.should_run_async(cell, transformed_cell=source)

    def _publish(self, cell: str, annotation: Annotation, progress: Progress, lines_above: int = 1) -> None:
        if is_chosen(self.shell, cell, annotation, lines_above):
            self._publish_captured(
                lambda: capture(self.shell, cell, annotation, lines_above), annotation, progress
            )

    def _publish_captured(
        self, make: Callable[[], Capture], annotation: Annotation, progress: Progress
    ) -> None:
        begun = time.monotonic()
        with progress.step("capture"):
            captured = make()
            progress.panel.function = captured.bundle.manifest.name
            progress.panel.receipt = captured.receipt
        if annotation.dry_run or only_shown():
            receipt = progress.panel.receipt = _compare(captured, annotation)
            progress.panel.headline = f"{captured.bundle.manifest.name} would be published (--dry-run)."
            progress.panel.answer = _shown(receipt)
        else:
            answer = self._send(captured, annotation, progress)
            progress.panel.receipt = with_changes(captured.receipt, answer["publication"])
            took = format_duration(time.monotonic() - begun)
            progress.panel.headline = _headline(answer, took)
            progress.panel.answer = answer
            if not answer["publication"].get("isolates", True):
                progress.panel.caution = NO_ISOLATION
            progress.panel.call = _call(answer["publication"], captured, annotation)
        progress.finish()

    def _send(self, captured: Capture, annotation: Annotation, progress: Progress) -> dict[str, Any]:
        with GatewayClient(_connection(annotation, progress)) as gateway:
            progress.panel.receipt = compared(captured.receipt, captured.bundle.manifest, gateway)
            aliases = (*annotation.aliases, *more_aliases())
            return gateway.publish(captured.bundle, annotation.environment, progress.event, aliases)


def _compare(captured: Capture, annotation: Annotation) -> Receipt:
    """The receipt of a dry run, compared with what is live if a gateway runs."""
    named = annotation.gateway
    connection = Connection.from_url(named) if named is not None else find_gateway()
    if connection is None:
        return captured.receipt
    with GatewayClient(connection) as gateway:
        return compared(captured.receipt, captured.bundle.manifest, gateway)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise AnnotationError(f"%faas publish: {error}. %%publish? lists the options.") from error


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _connection(annotation: Annotation, progress: Progress) -> Connection:
    if annotation.gateway is not None:
        return Connection.from_url(annotation.gateway)
    running = find_gateway()
    if running is not None:
        return running
    with progress.step("gateway") as step:

        def log(text: str) -> None:
            step.detail = text

        return ensure_gateway(log)


def _shown(receipt: Receipt) -> dict[str, Any]:
    return {"state": "dry-run", "publication": None, "receipt": receipt.record()}


def _headline(answer: dict[str, Any], took: str) -> str:
    publication = answer["publication"]
    version = f"{publication['function']} version {publication['version']}"
    if answer["state"] == "unchanged":
        return f"{version} is live already: nothing has changed since. ({took})"
    return f"{version} is live, after {took}."


def _call(publication: dict[str, Any], captured: Capture, annotation: Annotation) -> Call:
    manifest = captured.bundle.manifest
    arguments = example_arguments(manifest.input_schema)
    return Call(
        publication["url"],
        manifest.name,
        arguments,
        manifest.public,
        annotation.gateway,
        file_arguments(manifest.input_schema) & arguments.keys(),
        manifest.signature,
    )
