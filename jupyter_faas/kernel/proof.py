"""The proof of a version: what must hold in its image before it goes live."""

from __future__ import annotations

import ast
import builtins
import doctest
import inspect
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from jupyter_faas.model.errors import AnnotationError, CaptureError

__all__ = ["check_names", "count_examples", "proof_of"]

_ADDRESS = re.compile(r" at 0x[0-9a-f]+>")


def proof_of(entry: Callable[..., Any], checks: Iterable[str], evaluate: Callable[[str], Any]) -> str:
    """Examples in the form of ``doctest``: those of the docstring, and the ``--check`` expressions with the
    results that they have in the kernel, found by ``evaluate``. Empty if there are none.

    Raises ``CaptureError`` for a docstring whose examples can't be read and ``AnnotationError`` for a check
    that can't be one.
    """
    parts = list(_docstring_examples(entry))
    parts += [_check(expression, evaluate) for expression in checks]
    return "\n".join(parts)


def check_names(checks: Iterable[str], known: Collection[str]) -> None:
    """Raise ``AnnotationError`` for a ``--check`` that uses a name which isn't among those ``known`` to the
    image: in this kernel it would hold, and in the image nothing has that name.
    """
    for expression in checks:
        tree = ast.parse(expression, mode="eval")
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        bound = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
        bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        missing = sorted({node.id for node in names} - bound - set(known) - set(dir(builtins)))
        if missing:
            raise AnnotationError(
                f"--check {expression!r} uses {', '.join(missing)}, which the function doesn't use and which "
                "therefore isn't in its image. Write the values themselves into the expression."
            )


def count_examples(proof: str) -> int:
    """How many examples a proof has."""
    return len(doctest.DocTestParser().get_examples(proof)) if proof else 0


def _docstring_examples(entry: Callable[..., Any]) -> Iterator[str]:
    docstring = inspect.getdoc(entry) or ""
    try:
        if doctest.DocTestParser().get_examples(docstring):
            yield docstring
    except ValueError as error:
        raise CaptureError(
            f"The examples in the docstring can't be read: {error}. Write >>> and a space before the "
            "expression, and what it gives into the lines below.",
            names=[],
        ) from error


def _check(expression: str, evaluate: Callable[[str], Any]) -> str:
    try:
        compile(expression, "--check", "eval")
    except SyntaxError as error:
        raise AnnotationError(
            f"--check {expression!r} is not an expression: {error.msg}. Write a call such as "
            '--check "summarize([1, 2])".'
        ) from error
    try:
        result = evaluate(expression)
    except Exception as error:
        raise AnnotationError(
            f"--check {expression!r} raised {type(error).__name__} in this kernel: {error}. "
            "Correct the expression or the function."
        ) from error
    if inspect.isawaitable(result):
        getattr(result, "close", lambda: None)()
        raise AnnotationError(
            f"--check {expression!r} gives something to await. Put an example with asyncio.run(…) into the "
            "docstring instead."
        )
    return f">>> {expression}\n{_shown(expression, result)}"


def _shown(expression: str, result: Any) -> str:
    """What the interpreter would print, as doctest compares it."""
    if result is None:
        return ""
    shown = repr(result)
    if _ADDRESS.search(shown):
        raise AnnotationError(
            f"--check {expression!r} gives {shown[:80]}, whose text differs from process to process. "
            "Check something of it that can be compared, such as a number."
        )
    lines = [line if line.strip() else "<BLANKLINE>" for line in shown.splitlines()]
    return "\n".join(lines) + "\n"
