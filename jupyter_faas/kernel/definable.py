"""Which source gives a name its live object: functions, classes and types of the notebook."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Any

from jupyter_faas.kernel.cells import Cells
from jupyter_faas.kernel.classes import assigned_type, class_for, decorated_class, method_for
from jupyter_faas.kernel.closures import cell_definition
from jupyter_faas.kernel.definitions import Definition
from jupyter_faas.kernel.functions import function_for

__all__ = ["definition_for"]

_TYPE_FORMS = (
    types.GenericAlias,
    types.UnionType,
    typing.TypeVar,
    typing.ParamSpec,
    typing.NewType,
    type(typing.Literal[1]).__mro__[1],  # the class of all subscripted typing forms
)


def definition_for(name: str, value: Any, cells: Cells, namespace: Mapping[str, Any]) -> Definition | None:
    """The statement that gives ``name`` the live object ``value``; None if no source could ever do that.

    Raises ``NotDefinable`` for an object that came from source, but not in a way that can be repeated.
    """
    if isinstance(value, types.CellType):
        return cell_definition(name, value)
    if isinstance(value, type):
        return class_for(name, value, cells, namespace)
    if isinstance(value, _TYPE_FORMS):
        return assigned_type(name, cells, "type")
    if isinstance(value, types.FunctionType):
        method = method_for(name, value, cells, namespace)
        if method is not None:
            return method
    decorated = decorated_class(name, value, cells)
    if decorated is not None:
        return decorated
    return function_for(name, value, cells, namespace)
