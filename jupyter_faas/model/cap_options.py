"""Caps as options: how each is called, read and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from jupyter_faas.model.errors import AnnotationError
from jupyter_faas.model.units import format_duration, format_size, parse_duration, parse_size

if TYPE_CHECKING:
    from jupyter_faas.model.caps import Caps

__all__ = ["CAP_CHOICES", "CAP_OPTIONS", "CapOption", "caps_of", "form_of", "option_words", "whole_number"]


@dataclass(frozen=True)
class CapOption:
    """One option that sets a cap: the field of ``Caps``, how it is read and how a bound is written."""

    field: str
    parse: Callable[[str], Any]
    write: Callable[[Any], str]
    what: str


def whole_number(text: str) -> int:
    """``text`` as an integer; raises ``AnnotationError``."""
    try:
        return int(text)
    except ValueError:
        raise AnnotationError(f"{text!r} is not a whole number, such as 4.") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise AnnotationError(f"{text!r} is not a number, such as 0.5 or 2.") from None


def _plain(value: Any) -> str:
    return f"{value:g}"


CAP_OPTIONS: Final = {
    "timeout": CapOption(
        "timeout_seconds", parse_duration, format_duration, "Longest time that a call may run"
    ),
    "init-timeout": CapOption(
        "init_timeout_seconds", parse_duration, format_duration, "Longest time that importing it may take"
    ),
    "memory": CapOption(
        "memory_bytes", parse_size, format_size, "Memory of one instance, its scratch files included"
    ),
    "cpu": CapOption(
        "cpu", _number, _plain, "CPUs that one instance may use, in CPUs; fractions are allowed"
    ),
    "pids": CapOption("pids", whole_number, _plain, "Processes and threads that one instance may have"),
    "scratch": CapOption(
        "scratch_bytes", parse_size, format_size, "Space for temporary files in one instance"
    ),
    "payload-size": CapOption("payload_bytes", parse_size, format_size, "Largest request body"),
    "result-size": CapOption("result_bytes", parse_size, format_size, "Largest encoded result"),
    "log-size": CapOption(
        "log_bytes", parse_size, format_size, "Most that one call may log; the rest is cut"
    ),
    "concurrency": CapOption(
        "concurrency", whole_number, _plain, "Calls that one instance runs at a time, each in its own process"
    ),
    "max-instances": CapOption("max_instances", whole_number, _plain, "Instances that may run at a time"),
    "min-instances": CapOption(
        "min_instances", whole_number, _plain, "Instances that are always running, also while nobody calls"
    ),
    "idle": CapOption(
        "idle_seconds",
        parse_duration,
        format_duration,
        "Longest time without a call until an instance stops; the gateway may stop it earlier",
    ),
}
CAP_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "network": ("none", "egress"),
    "isolate": ("worker", "call"),
}
"""Caps that are one of a few words; their options are called like their fields."""

_FORMS: Final[Mapping[Callable[[str], Any], str]] = {
    parse_duration: "a duration with its unit: 250ms, 5s, 2m or 1h",
    parse_size: "a size with its unit: 256MB or 1GiB",
    whole_number: "a whole number",
    _number: "a number",
}


def form_of(option: CapOption) -> str:
    """In which form an option is given, in words."""
    return _FORMS[option.parse]


def caps_of(texts: Mapping[str, str | None], defaults: Caps) -> Caps:
    """``defaults`` with the caps that ``texts`` gives by the names of their options; None leaves one alone.

    Raises ``AnnotationError`` for a text that can't be read or is out of range.
    """
    import pydantic  # a shell's command that changes no caps shall not wait for it

    chosen: dict[str, Any] = defaults.model_dump()
    for name, text in texts.items():
        if text is None:
            continue
        if name in CAP_CHOICES:
            chosen[name] = text
            continue
        option = CAP_OPTIONS[name]
        try:
            chosen[option.field] = option.parse(text)
        except AnnotationError as error:
            raise AnnotationError(f"--{name}: {error.detail}") from error
    try:
        return type(defaults)(**chosen)
    except pydantic.ValidationError as error:
        raise AnnotationError(
            " ".join(_range_fault(dict(fault), type(defaults)) for fault in error.errors())
        ) from error


def option_words(changed: Mapping[str, Any]) -> str:
    """The options that set these fields: ``--memory 512MB --timeout 10s``."""
    by_field = {option.field: (name, option) for name, option in CAP_OPTIONS.items()}
    words = []
    for field, value in changed.items():
        name, option = by_field[field]
        words.append(f"--{name} {option.write(value).replace(' ', '').replace('min', 'm')}")
    return " ".join(words)


def _range_fault(fault: Mapping[str, Any], caps: type[Caps]) -> str:
    if not fault["loc"]:  # caps that don't go together
        return str(fault["ctx"]["error"])
    field = fault["loc"][0]
    if field in CAP_CHOICES:
        return f"--{field} {fault['input']!r} is none of {', '.join(CAP_CHOICES[str(field)])}."
    name, option = next((name, option) for name, option in CAP_OPTIONS.items() if option.field == field)
    metadata = caps.model_fields[field].metadata
    lowest = next(bound.ge for bound in metadata if hasattr(bound, "ge"))
    highest = next(bound.le for bound in metadata if hasattr(bound, "le"))
    given = option.write(fault["input"])
    return f"--{name} {given} is out of range: {option.write(lowest)} to {option.write(highest)} is accepted."
