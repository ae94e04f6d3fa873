"""The doctor always answers, and says how to mend what it finds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_faas.gateway.doctor import main


def test_a_missing_engine_is_a_finding_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    assert main(["--json", "--engine", "docker", "--data-dir", str(tmp_path)]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is False
    engine = document["checks"][0]
    assert set(engine) == {"name", "ok", "detail", "advice"}
    assert engine["ok"] is False
    assert "no.sock" in engine["detail"]
    assert "--engine process" in engine["advice"]


def test_without_docker_processes_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    assert main(["--data-dir", str(tmp_path)]) == 0
    listing = capsys.readouterr().out
    assert "FAIL docker engine" in listing
    assert "ok   process engine" in listing
    assert "no isolation" in listing


def test_an_index_that_is_down_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    assert main(["--json", "--engine", "process", "--data-dir", str(tmp_path)]) == 0
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["package index"]["ok"] is False
    assert "127.0.0.1:9" in checks["package index"]["detail"]
