"""Closures that share a variable: the notebook's have one cell for it, and so have the handler's."""

from __future__ import annotations

from types import FunctionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CellType


def joined(function: FunctionType, **cells: CellType) -> FunctionType:
    """A function like ``function`` whose free variables of these names are those ``cells``."""
    code = function.__code__
    own = function.__closure__ or ()
    closure = tuple(cells.get(name, own[index]) for index, name in enumerate(code.co_freevars))
    made = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, closure)
    made.__kwdefaults__ = function.__kwdefaults__
    made.__annotations__ = function.__annotations__
    made.__qualname__ = function.__qualname__
    made.__doc__ = function.__doc__
    made.__dict__.update(vars(function))
    return made
