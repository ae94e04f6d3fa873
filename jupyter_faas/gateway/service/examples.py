"""The calls that a version's docstring and checks show, as far as they fit its schema."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jupyter_faas.gateway.service.catalogue import Published
from jupyter_faas.model.doctests import UNKNOWN, Example, examples_in

__all__ = ["described_examples", "examples_of"]

MAX_EXAMPLES = 10


def examples_of(published: Published) -> list[Example]:
    """The examples, at most ten; they held when the version went live."""
    manifest = published.manifest
    found = _read(f"{manifest.doc}\n\n{manifest.proof}", manifest.entry, manifest.signature)
    return [each for each in found if published.validator.is_valid(each.arguments)][:MAX_EXAMPLES]


def described_examples(published: Published) -> list[dict[str, Any]]:
    """As the API shows them: ``arguments``, and ``result`` where it is known."""
    return [
        {"arguments": each.arguments} | ({} if each.result is UNKNOWN else {"result": each.result})
        for each in examples_of(published)
    ]


@lru_cache(1024)
def _read(text: str, entry: str, signature: str) -> tuple[Example, ...]:
    return tuple(examples_in(text, entry, signature)) if ">>>" in text else ()
