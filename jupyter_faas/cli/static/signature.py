"""A function's signature from its source: annotations are looked up, never evaluated as code."""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Annotated, Any, Final, Literal

from jupyter_faas.cli.static.datatypes import Package, package
from jupyter_faas.cli.static.source import Source
from jupyter_faas.kernel.cells import Function
from jupyter_faas.model.errors import CaptureError

__all__ = ["stand_in"]

# Modules that annotations are made of, and whose import runs nothing of the notebook's.
_MODULES: Final = frozenset(
    {
        *("typing", "collections", "collections.abc", "types", "re", "uuid", "pathlib", "jupyter_faas"),
        *("datetime", "zoneinfo", "decimal", "fractions", "numbers", "ipaddress"),
    }
)


class _Unknown(ValueError):
    """The annotation holds something that only execution can tell."""


def stand_in(name: str, statement: ast.stmt, source: Source) -> Callable[..., Any]:
    """A function with the signature and docstring of ``statement`` (a ``def``, or a lambda's assignment).

    Raises ``CaptureError`` naming each parameter whose annotation can't be looked up.
    """

    def function() -> Any: ...

    def generator() -> Any:
        yield

    parameters: list[inspect.Parameter] = []
    unknown: list[str] = []
    node = statement if isinstance(statement, Function) else getattr(statement, "value", None)
    assert isinstance(node, Function | ast.Lambda)  # noqa: S101  what callers give
    for argument, kind, default in _arguments(node.args):
        try:
            annotation = _annotation(argument.annotation, source)
        except _Unknown:
            unknown.append(f"{argument.arg}: {ast.unparse(argument.annotation or argument)}")
            continue
        parameters.append(
            inspect.Parameter(argument.arg, kind, default=_default(default, source), annotation=annotation)
        )
    if unknown:
        raise CaptureError(
            f"The types of {name}'s parameters can't be known without running the notebook "
            f"({'; '.join(unknown)}): publish without --no-execute, or use types of Python, typing, numpy, "
            "pandas, polars, pyarrow or Pillow.",
            names=[],
        )
    made = generator if _yields(node) else function
    made.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        parameters, return_annotation=_result(node, source)
    )
    made.__annotations__ = {
        parameter.name: parameter.annotation
        for parameter in parameters
        if parameter.annotation is not inspect.Parameter.empty
    }
    made.__name__ = name
    made.__doc__ = ast.get_docstring(node) if isinstance(node, Function) else None
    return made


def _yields(node: ast.AST) -> bool:
    """Whether a function is a generator: it yields itself, and not in one that it defines."""
    inner = list(ast.iter_child_nodes(node))
    for child in inner:  # grows as it is walked
        if isinstance(child, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(child, Function | ast.Lambda | ast.ClassDef):
            inner += ast.iter_child_nodes(child)
    return False


def _arguments(
    arguments: ast.arguments,
) -> Iterator[tuple[ast.arg, Any, ast.expr | None]]:
    kinds = inspect.Parameter
    positional: list[tuple[ast.arg, Any]] = [(one, kinds.POSITIONAL_ONLY) for one in arguments.posonlyargs]
    positional += [(one, kinds.POSITIONAL_OR_KEYWORD) for one in arguments.args]
    without = len(positional) - len(arguments.defaults)
    for index, (one, kind) in enumerate(positional):
        yield one, kind, arguments.defaults[index - without] if index >= without else None
    if arguments.vararg is not None:
        yield arguments.vararg, kinds.VAR_POSITIONAL, None
    for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield one, kinds.KEYWORD_ONLY, default
    if arguments.kwarg is not None:
        yield arguments.kwarg, kinds.VAR_KEYWORD, None


def _default(node: ast.expr | None, source: Source) -> Any:
    if node is None:
        return inspect.Parameter.empty
    if isinstance(node, ast.Name):
        binding = source.binding(node.id)
        node = getattr(binding.statement, "value", node) if binding is not None else node
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ...  # there is one, which JSON can't say


def _result(node: ast.AST, source: Source) -> Any:
    returns = getattr(node, "returns", None)
    try:
        return inspect.Signature.empty if returns is None else _value(returns, source)
    except _Unknown:
        return inspect.Signature.empty


def _annotation(node: ast.expr | None, source: Source) -> Any:
    value = inspect.Parameter.empty if node is None else _value(node, source)
    if isinstance(value, Package):
        raise _Unknown  # a module is no type
    return value


def _value(node: ast.expr, source: Source) -> Any:
    """What the annotation means, made of Python's own types, those of ``typing`` and of packages for data."""
    match node:
        case ast.Constant(value=None) | ast.Constant(value=builtins.Ellipsis):
            return node.value
        case ast.Constant(value=str(text)):
            return _value(_parsed(text), source)
        case ast.Name(id=name):
            return _named(name, source)
        case ast.Attribute(value=value, attr=attribute):
            return _member(_value(value, source), attribute)
        case ast.List(elts=elements):
            return [_value(one, source) for one in elements]
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _tried(lambda: _value(left, source) | _value(right, source))
        case ast.Subscript(value=value, slice=inner):
            return _subscripted(_value(value, source), inner, source)
    raise _Unknown


def _subscripted(base: Any, inner: ast.expr, source: Source) -> Any:
    elements = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if base is Literal:
        values = [_literal(one) for one in elements]
    elif base is Annotated:
        values = [_value(elements[0], source)]
        values += [_literal(one) for one in elements[1:]]
    else:
        values = [_value(one, source) for one in elements]
    return _tried(lambda: base[tuple(values) if isinstance(inner, ast.Tuple) else values[0]])


def _literal(node: ast.expr) -> Any:
    return _tried(lambda: ast.literal_eval(node))


def _tried(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except _Unknown:
        raise
    except (TypeError, ValueError, SyntaxError, AttributeError, MemoryError, RecursionError) as error:
        raise _Unknown from error


def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise _Unknown from error


def _named(name: str, source: Source) -> Any:
    binding = source.binding(name)
    if binding is None:
        own = getattr(builtins, name, None)
        if isinstance(own, type):
            return own
        raise _Unknown
    match binding.statement:
        case ast.Import(names=aliases):
            for alias in aliases:
                if (alias.asname or alias.name.partition(".")[0]) == name:
                    return _module(alias.name if alias.asname else name)
        case ast.ImportFrom(module=str(module), names=aliases, level=0):
            for alias in aliases:
                if (alias.asname or alias.name) == name:
                    return _member(_module(module), alias.name)
    raise _Unknown


def _module(path: str) -> ModuleType | Package:
    found = importlib.import_module(path) if path in _MODULES else package(path)
    if found is None:
        raise _Unknown
    return found


def _member(module: Any, name: str) -> Any:
    found = None
    if isinstance(module, Package):
        found = module.member(name)
    elif isinstance(module, ModuleType) and not name.startswith("_"):
        found = getattr(module, name, None)
        if isinstance(found, ModuleType) and found.__name__ not in _MODULES:
            found = None
    if found is None:
        raise _Unknown
    return found
