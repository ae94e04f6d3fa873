"""Whether an expression that has run would still give what it gave, found without running anyone's code.

What is plain (literals, operators and Python's own pure functions on plain values) is evaluated; names are
looked up; nothing else is: a call of anything else may read a file or the clock.
"""

from __future__ import annotations

import ast
import builtins
import types
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from jupyter_faas.kernel.constants import NotPlain, is_plain, same

__all__ = ["Verdict", "verdict"]

Verdict = Literal["same", "differs", "unknown"]
"""``unknown``: only running it would tell."""

_PURE: Final = frozenset(
    {
        *("abs", "all", "any", "bool", "bytes", "chr", "complex", "dict", "divmod", "enumerate", "float"),
        *("frozenset", "hex", "int", "len", "list", "max", "min", "ord", "pow", "range", "repr", "reversed"),
        *("round", "set", "slice", "sorted", "str", "sum", "tuple", "zip"),
    }
)
_METHODS: Final = frozenset(
    {"encode", "format", "join", "lower", "replace", "split", "splitlines", "strip", "title", "upper"}
)
_OPERATIONS: Final = (
    *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Subscript, ast.Slice, ast.JoinedStr),
    *(ast.FormattedValue, ast.ListComp, ast.SetComp, ast.DictComp, ast.comprehension, ast.GeneratorExp),
    *(ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Starred, ast.Load, ast.Store, ast.keyword),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop),
)
_MOST_DIGITS: Final = 1000
_ABSENT: Final = object()


def verdict(
    expression: ast.expr, live: Any, names: Mapping[str, Any], is_made_here: Callable[[types.CodeType], bool]
) -> Verdict:
    """Whether ``expression``, run again with ``names``, would give ``live``.

    ``is_made_here`` tells of the code of a lambda whether it is one in the expression.
    """
    return _Judge(names, is_made_here).judge(expression, live)


class _Judge:
    def __init__(self, names: Mapping[str, Any], is_made_here: Callable[[types.CodeType], bool]) -> None:
        self._names = names
        self._is_made_here = is_made_here

    def judge(self, expression: ast.expr, live: Any) -> Verdict:
        match expression:
            case ast.Name() | ast.Attribute():
                present = self._found(expression)
                if present is _ABSENT:
                    return "unknown"
                return _verdict(present is live or _equal(present, live))
            case ast.Lambda():
                function = isinstance(live, types.FunctionType) and self._is_made_here(live.__code__)
                return _verdict(function)
        if not self._is_pure(expression):
            return self._judge_parts(expression, live)
        code = compile(ast.Expression(expression), "<class>", "eval")
        try:
            present = eval(code, dict(self._read(expression)))  # noqa: S307  plain operations on plain values
        except Exception:  # of any kind: it wouldn't give anything
            return "differs"
        return _verdict(_equal(present, live))

    def _judge_parts(self, expression: ast.expr, live: Any) -> Verdict:
        """A container by what it holds."""
        match expression:
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                fits = type(live) is (list if isinstance(expression, ast.List) else tuple)
                pairs = list(zip(parts, live, strict=False)) if fits else []
            case ast.Dict(keys=keys, values=parts) if None not in keys:
                fits = type(live) is dict
                keyed = [key for key in keys if key is not None]
                pairs = (
                    [*zip(keyed, live, strict=False), *zip(parts, live.values(), strict=False)]
                    if fits
                    else []
                )
            case _:
                return "unknown"
        if any(isinstance(part, ast.Starred) for part in parts):
            return "unknown"
        if not fits or len(live) != len(parts):
            return "differs"
        found = {self.judge(part, held) for part, held in pairs}
        return "differs" if "differs" in found else "unknown" if "unknown" in found else "same"

    def _found(self, expression: ast.expr) -> Any:
        """What a name, or an attribute of a module or a class, means now."""
        if isinstance(expression, ast.Name):
            return self._names.get(expression.id, vars(builtins).get(expression.id, _ABSENT))
        if not isinstance(expression, ast.Attribute):
            return _ABSENT
        owner = self._found(expression.value)
        if not isinstance(owner, type | types.ModuleType):
            return _ABSENT
        return vars(owner).get(expression.attr, _ABSENT)

    def _is_pure(self, expression: ast.expr) -> bool:
        """Whether only Python's own operations on plain values are in it, and none that takes very long."""
        called: set[int] = set()
        bound = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name) and _is_stored(node)}
        for node in ast.walk(expression):
            match node:
                case ast.Call(func=ast.Name(id=name)) if name in _PURE and name not in self._names:
                    called.add(id(node.func))
                case ast.Call(func=ast.Attribute(value=ast.Constant(), attr=method)) if method in _METHODS:
                    called.add(id(node.func))
                case ast.BinOp(op=ast.Pow() | ast.LShift() | ast.Mult()) if not self._is_small(node):
                    return False
                case ast.Name(id=name):
                    known = id(node) in called or name in bound or is_plain(self._names.get(name, _ABSENT))
                    if not known:
                        return False
                case ast.Attribute() if id(node) in called:
                    pass
                case ast.Attribute():
                    return False
                case _ if not isinstance(node, _OPERATIONS):
                    return False
        return True

    def _is_small(self, node: ast.BinOp) -> bool:
        constants = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
        names = [self._names.get(one.id) for one in ast.walk(node) if isinstance(one, ast.Name)]
        return all(not isinstance(one, int) or abs(one) < _MOST_DIGITS for one in [*constants, *names])

    def _read(self, expression: ast.expr) -> Mapping[str, Any]:
        names = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}
        return {name: self._names[name] for name in names if name in self._names}


def _is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _equal(present: Any, live: Any) -> bool:
    try:
        return is_plain(live) and same(present, live)
    except NotPlain:  # a set of something else
        return False


def _verdict(fits: bool) -> Verdict:
    return "same" if fits else "differs"
