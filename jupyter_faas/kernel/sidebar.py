"""What JupyterLab's sidebar asks the kernel: what would be published, before anything is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from IPython.core.interactiveshell import InteractiveShell

from jupyter_faas.kernel.annotation import parse_words
from jupyter_faas.kernel.capture import capture
from jupyter_faas.model.errors import FaasError

__all__ = ["Answer", "receipt_for"]

JSON: Final = "application/json"


class Answer:
    """An object for a program that asks by ``user_expressions``, which get what would be displayed."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {JSON: self.content, "text/plain": repr(self.content)}


def receipt_for(source: str, words: Sequence[str]) -> Answer:
    """The ``receipt`` of a cell that has run, published with the options ``words``; or the ``problem``.

    ``caps`` are those that it would have, in seconds, bytes and so on.
    """
    shell: InteractiveShell = InteractiveShell.instance()
    try:
        captured = capture(shell, source, parse_words(words), lines_above=0)
    except FaasError as error:
        return Answer({"problem": error.problem()})
    caps = captured.bundle.manifest.caps.model_dump()
    return Answer({"receipt": captured.receipt.record(), "caps": caps})
