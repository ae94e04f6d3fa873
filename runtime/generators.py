"""Random generators in a forked worker: copies of the template's would all give the same numbers.

``random``, ``secrets``, ``uuid`` and ``ssl`` see to it themselves (Python and OpenSSL notice the fork).
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CHOSEN_SEED_BITS = 64  # numpy draws 128 bits where the author chooses no seed


def reseed(folder: str) -> None:
    """Seed numpy's global generator anew, and those that modules in ``folder`` hold and didn't seed."""
    numpy_random: Any = sys.modules.get("numpy.random")
    kind: Any = getattr(numpy_random, "Generator", None)
    if not isinstance(kind, type):
        return
    numpy_random.seed()
    for module in list(sys.modules.values()):
        if str(getattr(module, "__file__", None)).startswith(folder + "/"):
            for value in list(vars(module).values()):
                if isinstance(value, kind):
                    _reseed(value)


def _reseed(generator: Any) -> None:
    """In place, since others may refer to it; one with a seed of the author's choice is left as it is."""
    bit_generator = generator.bit_generator
    entropy = getattr(bit_generator.seed_seq, "entropy", None)
    if isinstance(entropy, int) and entropy.bit_length() > CHOSEN_SEED_BITS:
        bit_generator.state = type(bit_generator)().state
