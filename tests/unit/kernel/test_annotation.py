"""The options of ``%%publish``."""

from __future__ import annotations

import pytest

from jupyter_faas.kernel.annotation import parse_annotation
from jupyter_faas.kernel.magics import FaasMagics
from jupyter_faas.kernel.receipt import caps_in_words
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import AnnotationError


def test_nothing_given() -> None:
    annotation = parse_annotation("")
    assert annotation.caps == Caps()
    assert (annotation.name, annotation.entry, annotation.gateway) == (None, None, None)
    assert not annotation.public
    assert not annotation.dry_run


def test_isolated_calls() -> None:
    assert parse_annotation("--isolate call").caps == Caps(isolate="call")
    assert "each call isolated" in caps_in_words(Caps(isolate="call"))
    assert "isolated" not in caps_in_words(Caps())


def test_everything_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME_TOWN", "Ulm")
    annotation = parse_annotation(
        "my-name --entry go --timeout 250ms --init-timeout 2m --memory 1GiB --cpu 0.5 --pids 32 --scratch "
        "5MB --network egress --concurrency 2 --max-instances 3 --idle 1h --require 'pandas >= 2' "
        "--require numpy --env A='x y=z' --env HOME_TOWN --public --dry-run --gateway http://h:1/p"
    )
    assert annotation.caps == Caps(
        timeout_seconds=0.25,
        init_timeout_seconds=120,
        memory_bytes=2**30,
        cpu=0.5,
        pids=32,
        scratch_bytes=5_000_000,
        network="egress",
        concurrency=2,
        max_instances=3,
        idle_seconds=3600,
    )
    assert (annotation.name, annotation.entry) == ("my-name", "go")
    assert annotation.requirements == ("pandas >= 2", "numpy")
    assert annotation.environment == {"A": "x y=z", "HOME_TOWN": "Ulm"}
    assert (annotation.public, annotation.dry_run, annotation.gateway) == (True, True, "http://h:1/p")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "--timeout 5",
            "--timeout: '5' is not a duration. Write a number with its unit: 250ms, 5s, 2m or 1h.",
        ),
        ("--timeout 5parsecs", "is not a duration"),
        ("--idle -5s", "%%publish"),
        ("--init-timeout 1MB", "--init-timeout: '1MB' is not a duration"),
        ("--memory 5s", "--memory: '5s' is not a size"),
        ("--scratch lots", "256MiB"),
        ("--cpu many", "--cpu: 'many' is not a number"),
        ("--pids 2.5", "--pids: '2.5' is not a whole number"),
        ("--isolate pod", "--isolate"),
        (
            "--isolate call --concurrency 2",
            "one call at a time in an instance, but --concurrency is 2. Use --max-",
        ),
        ("--timeout 2h", "--timeout 2 h is out of range: 10 ms to"),
        ("--memory 1MB", "--memory 1 MB is out of range: 32 MB to 1.02 TB is accepted."),
        ("--cpu 1000", "--cpu 1000 is out of range: 0.05 to 256 is accepted."),
        ("--cpu nan", "--cpu nan is out of range"),
        ("--concurrency 0", "--concurrency 0 is out of range: 1 to 64 is accepted."),
        ("--network all", "invalid choice: 'all'"),
        ("--tiemout 5s", "--tiemout"),
        ("--require '==3'", "is not a requirement"),
        ("--env =x", "write NAME=VALUE"),
        ("--env FAAS_NO_SUCH_NAME", "has no FAAS_NO_SUCH_NAME"),
        ("bad.name", "can't be the name"),
        ("a b", "%%publish? lists the options"),
        ("--env 'x", "No closing quotation"),
    ],
)
def test_faults(line: str, words: str) -> None:
    with pytest.raises(AnnotationError) as caught:
        parse_annotation(line)
    assert words in caught.value.detail


def test_the_help_explains_every_option() -> None:
    text = FaasMagics.publish.__doc__ or ""
    for option in (
        "timeout",
        "memory",
        "cpu",
        "pids",
        "scratch",
        "idle",
        "network",
        "env",
        "dry-run",
        "entry",
    ):
        assert f"--{option}" in text
    assert "Default: 256 MB." in " ".join(text.split())


def test_system_packages() -> None:
    annotation = parse_annotation("--apt r-base-core --apt jq=1.6-2.1+deb12u1 --apt jq=1.6-2.1+deb12u1")
    assert annotation.apt == ("jq=1.6-2.1+deb12u1", "r-base-core")
    for text in ("Figlet", "jq>=1", "'jq figlet'", "-y", "./x.deb"):
        with pytest.raises(AnnotationError, match=r"is not a Debian package|expected one argument"):
            parse_annotation(f"--apt {text}")
