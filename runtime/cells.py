"""Closures that share variables: the notebook's functions had one cell for it, and the handler's have, too."""

from __future__ import annotations

from types import FunctionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CellType


def joined(function: FunctionType, **cells: CellType) -> FunctionType:
    """A function like ``function`` whose free variables of these names are those ``cells``."""
    code = function.__code__
    own = zip(code.co_freevars, function.__closure__ or ())
    closure = tuple(cells.get(name, cell) for name, cell in own)
    made = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, closure)
    made.__kwdefaults__ = function.__kwdefaults__
    made.__annotations__ = function.__annotations__
    made.__qualname__ = function.__qualname__
    made.__doc__ = function.__doc__
    made.__dict__.update(vars(function))
    return made
