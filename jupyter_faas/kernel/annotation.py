"""The options of ``%%publish``."""

from __future__ import annotations

import argparse
import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pydantic
from IPython.core import magic_arguments
from IPython.core.error import UsageError

from jupyter_faas.kernel.requirements import parse_requirement
from jupyter_faas.kernel.slice import Choices
from jupyter_faas.model.aliases import check_alias
from jupyter_faas.model.cap_options import CAP_CHOICES, CAP_OPTIONS, CapOption, caps_of, form_of, whole_number
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import AnnotationError, MalformedRequest
from jupyter_faas.model.manifest import APT_PATTERN, NAME_PATTERN, Recording
from jupyter_faas.model.units import format_size, parse_size

__all__ = [
    "Annotation",
    "check_name",
    "option_actions",
    "parse_annotation",
    "parse_words",
    "publish_arguments",
]


@dataclass(frozen=True)
class Annotation:
    """What the author asked for; ``environment`` maps each name to its value in this kernel."""

    caps: Caps
    name: str | None = None
    entry: str | None = None
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    public: bool = False
    dry_run: bool = False
    checks: tuple[str, ...] = ()
    gateway: str | None = None
    requirements_file: str | None = None
    choices: Choices = field(default_factory=Choices)
    files: tuple[str, ...] = ()
    apt: tuple[str, ...] = ()
    recording: Recording | None = None
    aliases: tuple[str, ...] = ()


_argument: Callable[..., Any] = magic_arguments.argument
_with_parser: Callable[..., Any] = magic_arguments.magic_arguments


def publish_arguments(magic: Callable[..., Any]) -> Callable[..., Any]:
    """Give ``magic`` the options of ``%%publish``, explained in its docstring, and their parser."""
    options = [
        _argument("name", nargs="?", help="Name of the function. Default: the name of the entry."),
        _argument("--entry", help="Function of the cell to publish. Default: the last one defined in it."),
        _argument(
            "--input",
            action="append",
            default=[],
            metavar="PARAMETER",
            help='With --output: a parameter of the cell\'s code, as a def has it, such as "r: float = 1.0". '
            "Repeatable.",
        ),
        _argument(
            "--output",
            action="append",
            default=[],
            metavar="NAME",
            help="Publish the cell's code itself as a function that returns this name, which the cell "
            "assigns; several are returned as a dictionary. Repeatable.",
        ),
        *(_cap_argument(option, cap) for option, cap in CAP_OPTIONS.items()),
        _argument(
            "--network",
            choices=("none", "egress"),
            default="none",
            help="Network of the function: none, or egress to reach out. Default: none.",
        ),
        _argument(
            "--isolate",
            choices=("worker", "call"),
            default="worker",
            help="What a call shares with those before it: worker, its process and files; call, nothing: "
            "each runs in a new process and finds no files of another. Default: worker.",
        ),
        _argument(
            "--require",
            action="append",
            default=[],
            metavar="PACKAGE",
            help="A package to install besides those found, or instead of the version found, such as "
            '"pandas==2.2.3". Repeatable.',
        ),
        _argument(
            "--apt",
            action="append",
            default=[],
            metavar="NAME",
            help="A Debian package to install, such as jq or libgomp1, or jq=1.6-2.1 for that version; the "
            "function's image then stands on Debian. Repeatable.",
        ),
        _argument(
            "--environment",
            metavar="FILE",
            help="Take the packages from requirements.txt, from pyproject.toml (with groups: "
            '"pyproject.toml[extra]") or from a script block (PEP 723) in a .py file or, for "notebook", in '
            "a cell of this notebook. Default: those that the function imports, at this kernel's versions.",
        ),
        _argument(
            "--env",
            action="append",
            default=[],
            metavar="NAME[=VALUE]",
            help="An environment variable of the function; without a value it is taken from this kernel's "
            "environment. Values never enter the image. Repeatable.",
        ),
        _argument(
            "--check",
            action="append",
            default=[],
            metavar="EXPRESSION",
            help="An expression that must have the same result in the image as in this kernel before the "
            'function goes live, such as "summarize([1, 2])". Repeatable. Examples in the docstring (>>>) '
            "are run in any case.",
        ),
        _argument(
            "--alias",
            action="append",
            default=[],
            metavar="NAME",
            help="A name such as prod that is to lead to this version, so that NAME@prod calls it, too. "
            "Repeatable.",
        ),
        _argument("--public", action="store_true", help="Let anyone call it, without a token. Default: no."),
        _argument("--dry-run", action="store_true", help="Show what would be captured; publish nothing."),
        _argument("--gateway", metavar="URL", help="Gateway to publish to. Default: the local one."),
        *_value_arguments(),
    ]
    for option in reversed(options):
        magic = option(magic)
    decorated: Callable[..., Any] = _with_parser("publish")(magic)
    return decorated


def _value_arguments() -> list[Any]:
    """Options about data."""
    each, total = (format_size(size) for size in (Choices.value_bytes, Choices.total_value_bytes))
    size = form_of(CAP_OPTIONS["memory"])
    return [
        _argument(
            "--freeze",
            action="append",
            default=[],
            metavar="NAME",
            help="A global name whose value goes along as data, though it could be written as source. "
            "Repeatable.",
        ),
        _argument(
            "--recompute",
            action="append",
            default=[],
            metavar="NAME",
            help="A global name that is made anew, once when the function starts, by the code of the cell "
            "that made it. Repeatable.",
        ),
        _argument("--value-size", help=f"Most that one frozen value may take: {size}. Default: {each}."),
        _argument("--values-total", help=f"Most that they may take together: {size}. Default: {total}."),
        _argument(
            "--record",
            metavar="N",
            help="Keep the input and output of the last N calls that failed and of the last N others, to "
            "look at them and to run them again. Default: none.",
        ),
        _argument(
            "--redact",
            action="append",
            default=[],
            metavar="FIELD",
            help="With --record: a field, at any depth of input and output, whose value is never kept. "
            "Repeatable.",
        ),
        _argument(
            "--file",
            action="append",
            default=[],
            metavar="PATH",
            help="A data file, or a folder of them, below the notebook's folder; the function opens it by "
            "the same relative path. Repeatable.",
        ),
    ]


def _cap_texts(options: argparse.Namespace) -> dict[str, str | None]:
    names = (*CAP_OPTIONS, *CAP_CHOICES)
    return {name: getattr(options, name.replace("-", "_")) for name in names}


def _cap_argument(option: str, cap: CapOption) -> Any:
    default = cap.write(Caps.model_fields[cap.field].default)
    return _argument(f"--{option}", help=f"{cap.what}: {form_of(cap)}. Default: {default}.")


@publish_arguments
def _publish(line: str) -> None:
    """Stands for the magic where there is none."""


def parse_annotation(line: str) -> Annotation:
    """The options written in ``line``; raises as ``parse_words`` does."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise AnnotationError(f"%%publish: {error}. %%publish? lists the options.") from error
    return parse_words(words)


def parse_words(words: Sequence[str], defaults: Caps | None = None) -> Annotation:
    """The options written in ``words``, already split as a shell does; ``defaults`` are the caps without any.

    Raises ``AnnotationError`` for a bad option or value, naming what is accepted.
    """
    try:
        options = _parser().parse_args(list(words))
    except (UsageError, ValueError) as error:
        raise AnnotationError(f"%%publish: {error}. %%publish? lists the options.") from error
    for text in options.require:
        parse_requirement(text)
    for text in options.apt:
        _check_apt(text)
    return Annotation(
        caps=caps_of(_cap_texts(options), defaults or Caps()),
        name=None if options.name is None else check_name(options.name),
        entry=options.entry,
        inputs=tuple(options.input),
        outputs=tuple(options.output),
        requirements=tuple(options.require),
        environment=_environment(options.env),
        public=options.public,
        dry_run=options.dry_run,
        checks=tuple(options.check),
        gateway=options.gateway,
        requirements_file=options.environment,
        choices=_choices(options),
        files=tuple(options.file),
        apt=tuple(sorted(set(options.apt))),
        recording=_recording(options.record, options.redact),
        aliases=tuple(_alias(text) for text in dict.fromkeys(options.alias)),
    )


def option_actions() -> dict[str, argparse.Action]:
    """The options by their long name without dashes, and ``name``, each as its parser knows it."""
    return {
        next(iter(action.option_strings), action.dest).removeprefix("--"): action
        for action in _parser()._actions
        if action.dest != "help"
    }


def _parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = _publish.parser  # type: ignore[attr-defined]
    return parser


def check_name(name: str) -> str:
    """``name`` if a function may be called so; raises ``AnnotationError`` otherwise."""
    if not re.match(NAME_PATTERN, name):
        raise AnnotationError(
            f"{name!r} can't be the name of a function: a name has letters a-z, digits, _ and -, begins with "
            "a letter or _ and has at most 63 characters. Give one: %%publish NAME."
        )
    return name


def _alias(text: str) -> str:
    try:
        return check_alias(text)
    except MalformedRequest as error:
        raise AnnotationError(f"--alias: {error.detail}") from error


def _check_apt(text: str) -> None:
    if not re.fullmatch(APT_PATTERN, text):
        raise AnnotationError(
            f"--apt {text!r} is not a Debian package: write its name, in small letters, with an optional "
            "version: jq, libgomp1 or jq=1.6-2.1. Several are several options: --apt jq --apt figlet."
        )


def _recording(calls: str | None, redact: Sequence[str]) -> Recording | None:
    if calls is None:
        if redact:
            raise AnnotationError(
                "--redact takes fields out of what --record N keeps, and there is no --record."
            )
        return None
    try:
        return Recording(calls=whole_number(calls), redact=tuple(dict.fromkeys(redact)))
    except AnnotationError as error:
        raise AnnotationError(f"--record: {error.detail}") from error
    except pydantic.ValidationError as error:
        where = error.errors()[0]["loc"][0]
        if where == "calls":
            raise AnnotationError(f"--record {calls} is out of range: 1 to 10000 is accepted.") from error
        raise AnnotationError("--redact wants the name of a field.") from error


def _choices(options: argparse.Namespace) -> Choices:
    sizes = {}
    for option in ("value_size", "values_total"):
        text = getattr(options, option)
        try:
            sizes[option] = None if text is None else parse_size(text)
        except AnnotationError as error:
            raise AnnotationError(f"--{option.replace('_', '-')}: {error.detail}") from error
    return Choices(
        freeze=frozenset(options.freeze),
        recompute=frozenset(options.recompute),
        value_bytes=sizes["value_size"] or Choices.value_bytes,
        total_value_bytes=sizes["values_total"] or Choices.total_value_bytes,
    )


def _environment(texts: Sequence[str]) -> dict[str, str]:
    environment: dict[str, str] = {}
    for text in texts:
        name, given, value = text.partition("=")
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise AnnotationError(
                f"--env {text!r}: write NAME=VALUE, or NAME to take the value that this kernel has."
            )
        if not given and name not in os.environ:
            raise AnnotationError(
                f"--env {name}: this kernel's environment has no {name}. Set os.environ[{name!r}] first, or "
                f"write --env {name}=VALUE."
            )
        environment[name] = value if given else os.environ[name]
    return environment
