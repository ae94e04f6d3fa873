"""Values frozen by value: data of the notebook as pickles of protocol 5 (PEP 574), one file each.

Plain ``pickle``, so that the image needs nothing to read them. What a pickle only names (classes and
functions) has to be in the image: the distributions that hold them are pinned, and those of the notebook are
carried as source. A value has the same bytes again as far as its own pickling has: dictionaries have, sets of
texts have not.
"""

from __future__ import annotations

import ast
import hashlib
import io
import pickle
import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any, Final

from jupyter_faas.kernel.class_forms import is_nowhere
from jupyter_faas.kernel.definitions import Definition
from jupyter_faas.kernel.names import Uses
from jupyter_faas.kernel.origins import Origins
from jupyter_faas.kernel.unfreezable import unfreezable
from jupyter_faas.model import manifest
from jupyter_faas.model.units import format_size

__all__ = ["Frozen", "Limits", "NotFreezable", "describe", "freeze", "type_name"]

PROTOCOL: Final = 5
_NOTEBOOK: Final = "__main__"
_AUTHORS: Final = ("builtins", _NOTEBOOK)
_MAKE: Final = "make it inside the function, or carry the code that makes it (--recompute)"
_BYTES: Final = (str, bytes, bytearray)


class NotFreezable(ValueError):
    """The value can't be frozen; the message is a clause that says why and what to do."""


@dataclass
class Limits:
    """How much may be frozen, in bytes: each value, and all of them; ``taken`` counts."""

    each: int
    total: int
    taken: int = 0


@dataclass(frozen=True, eq=False)
class Frozen:
    """A value in its file, with what its pickle names: ``modules``, and ``names`` of the notebook.

    ``around`` are functions and classes that it holds and that no name of the notebook has, by names of the
    handler's own.
    """

    name: str
    type_name: str
    content: bytes = field(repr=False)
    modules: frozenset[str]
    names: frozenset[str]
    around: Mapping[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """Its place in the bundle."""
        return f"values/{self.name}.pickle"

    @property
    def definition(self) -> Definition:
        """The statement of the handler that loads it, once."""
        text = f'{self.name} = __import__("faas_runtime.values", fromlist=["frozen"]).frozen("{self.name}")'
        used = Uses(now=self.names | self.around.keys())
        return Definition(self.name, "value", ast.parse(text).body[0], text, used, around=self.around)


def freeze(name: str, value: Any, limits: Limits) -> Frozen:
    """``value`` as a file; raises ``NotFreezable``, also as soon as it turns out to be too large."""
    least = _least_bytes(value)
    if least > limits.each:
        raise _too_large(f"it takes {format_size(least)}", limits.each, "--value-size")
    sink = _Sink(limits)
    pickler = _Pickler(sink, value, name)
    try:
        pickler.dump(value)
    except NotFreezable:
        raise
    except RecursionError:
        raise NotFreezable("it is nested too deeply to be frozen: flatten it") from None
    except Exception as error:  # a __reduce__ of anyone may raise anything
        raise NotFreezable(_why_not(error)) from error
    limits.taken += sink.size
    return Frozen(
        name,
        type_name(value),
        sink.content(),
        frozenset(pickler.modules),
        frozenset(pickler.names),
        pickler.around,
    )


def describe(frozen: Frozen, origins: Origins) -> manifest.Value:
    """``frozen`` for the manifest, with the versions that it can be loaded with."""
    installed = [origins.of(module) for module in frozen.modules]
    distributions = {name for one in installed if one.kind == "installed" for name in one.distributions}
    return manifest.Value(
        name=frozen.name,
        file=frozen.file,
        type=frozen.type_name,
        size_bytes=len(frozen.content),
        sha256=hashlib.sha256(frozen.content).hexdigest(),
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        versions=tuple(sorted(f"{name}=={metadata.version(name)}" for name in distributions)),
    )


def type_name(value: Any) -> str:
    """The type of ``value`` in full; builtins and the notebook's own by their name alone."""
    kind = type(value)
    plain = kind.__module__ in ("builtins", _NOTEBOOK)
    return kind.__qualname__ if plain else f"{kind.__module__}.{kind.__qualname__}"


class _Pickler(pickle.Pickler):
    """Refuses what belongs to this process, at any depth, and remembers what the pickle names."""

    def __init__(self, sink: _Sink, outermost: Any, name: str) -> None:
        super().__init__(sink, PROTOCOL)
        self.modules: set[str] = set()
        self.names: set[str] = set()
        self.around: dict[str, Any] = {}
        self._outermost = outermost
        self._name = name

    def persistent_id(self, value: Any) -> str | None:
        """The handler's name for what a pickle couldn't name: a lambda, a class made inside a function."""
        if not isinstance(value, type | types.FunctionType) or self._is_named(value):
            return None
        known = next((name for name, one in self.around.items() if one is value), None)
        if known is None:
            what = value.__name__ if value.__name__.isidentifier() else "function"
            known = f"{self._name}__{what}{len(self.around) + 1}"
            self.around[known] = value
        return known

    def _is_named(self, value: Any) -> bool:
        """Whether a pickle can name a class or a function, or has to say why it can't."""
        if value.__module__ != _NOTEBOOK:
            return isinstance(value, types.FunctionType) or not is_nowhere(value)
        names = vars(sys.modules[_NOTEBOOK])
        if isinstance(value, types.FunctionType):
            return names.get(value.__qualname__) is value
        owner = value.__qualname__.partition(".")[0]
        return "<locals>" not in value.__qualname__ and owner in names  # be it another class of this name

    def reducer_override(self, value: Any) -> Any:
        """Called for every object that isn't a plain one; leaves the pickling to the object."""
        kind = unfreezable(value)
        if kind is not None:
            whole = value is self._outermost
            verb = "it is" if whole else "it holds something that is"
            hidden = kind.hidden and not whole and type(self._outermost).__module__ not in _AUTHORS
            raise NotFreezable(
                f"{verb} {kind.what}, which can't be frozen: {_MAKE if hidden else kind.advice}"
            )
        if isinstance(getattr(value, "__qualname__", None), str):
            self._refer(value)
        else:
            self._need(type(value).__module__)
        return NotImplemented

    def _refer(self, value: Any) -> None:
        """A class or a function, of Python's own or of an extension's kind: a pickle holds its name."""
        qualname: str = value.__qualname__
        if "<lambda>" in qualname:
            raise NotFreezable(f"it holds a lambda of a library, which has no name: {_MAKE}")
        if "<locals>" in qualname:
            maker, _, name = qualname.rpartition(".<locals>.")
            advice = "define that at the top level" if value.__module__ == _NOTEBOOK else _MAKE
            raise NotFreezable(f"it holds {name}, made inside {maker}(): {advice}")
        module = pickle.whichmodule(value, qualname)  # type: ignore[attr-defined]  # not in typeshed
        self._need(module)
        if module == _NOTEBOOK:
            self.names.add(qualname.partition(".")[0])

    def _need(self, module: str) -> None:
        if module not in ("builtins", _NOTEBOOK):
            self.modules.add(module)


class _Sink:
    """Takes a pickle up to the limits."""

    def __init__(self, limits: Limits) -> None:
        self.size = 0
        self._limits = limits
        self._buffer = io.BytesIO()

    def write(self, data: Any) -> int:
        """Called with bytes, or with a view of a large array's memory, before that is copied."""
        size = memoryview(data).nbytes
        self.size += size
        if self.size > self._limits.each:
            raise _too_large(f"it takes {format_size(self.size)} at least", self._limits.each, "--value-size")
        if self._limits.taken + self.size > self._limits.total:
            taken = format_size(self._limits.taken)
            raise _too_large(
                f"with it the frozen values take more than {taken}", self._limits.total, "--values-total"
            )
        self._buffer.write(data)
        return size

    def content(self) -> bytes:
        return self._buffer.getvalue()


def _too_large(found: str, limit: int, option: str) -> NotFreezable:
    return NotFreezable(
        f"{found}; the limit is {format_size(limit)} ({option}): raise it, keep less of it, carry the code "
        "that makes it with --recompute, or load it inside the function from a --file"
    )


def _least_bytes(value: Any) -> int:
    """What ``value`` takes at least, as far as it can be told without pickling it; 0 if it can't."""
    if isinstance(value, _BYTES):
        return len(value)
    if isinstance(value, list | tuple):
        return len(value)  # an element takes a byte at least
    nbytes = getattr(type(value), "nbytes", None) and getattr(value, "nbytes", None)
    if isinstance(nbytes, int):
        return nbytes
    memory_usage = getattr(type(value), "memory_usage", None)
    if not callable(memory_usage):
        return 0
    try:
        usage = value.memory_usage(index=False)
        return int(usage if isinstance(usage, int) else usage.sum())
    except Exception:  # someone else's method of this name
        return 0


def _why_not(error: Exception) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, pickle.PicklingError) and ("not the same object" in text or "not found" in text):
        return (
            f"it can't be frozen ({text}): its class has been defined again since it was made, or deleted; "
            "run the cell that makes it again"
        )
    return f"it can't be frozen ({text}): {_MAKE}"
