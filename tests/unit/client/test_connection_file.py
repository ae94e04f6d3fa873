from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from jupyter_faas.model.connection import (
    ConnectionInfo,
    connection_file,
    data_dir,
    read_connection,
    write_connection,
)
from jupyter_faas.model.errors import GatewayUnavailable

INFO = ConnectionInfo("http://127.0.0.1:8899", "a token", 12, "0.1.0", "/data")


def test_it_lives_in_jupyters_runtime_directory(own_jupyter: Path) -> None:
    assert connection_file() == own_jupyter / "runtime" / "faas-gateway.json"
    assert data_dir() == own_jupyter / "data"


def test_the_data_directory_is_jupyters_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("FAAS_DATA_DIR")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    assert data_dir() == tmp_path / "faas"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = write_connection(INFO)
    assert read_connection() == INFO
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert json.loads(path.read_text()).keys() == {"url", "token", "pid", "version", "data_dir"}


def test_the_token_is_not_shown() -> None:
    assert "a token" not in repr(INFO)


def test_no_file_is_no_gateway() -> None:
    assert read_connection() is None


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_file_that_others_can_read_is_refused(mode: int) -> None:
    path = write_connection(INFO)
    path.chmod(mode)
    with pytest.raises(GatewayUnavailable, match=f"mode {mode:04o}.*Remove it") as caught:
        read_connection()
    assert "a token" not in str(caught.value)


def test_unless_jupyter_is_told_that_the_file_system_knows_no_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    write_connection(INFO).chmod(0o777)
    monkeypatch.setenv("JUPYTER_ALLOW_INSECURE_WRITES", "1")
    assert read_connection() == INFO


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_someone_else_is_refused() -> None:
    os.chown(write_connection(INFO), 12345, -1)
    with pytest.raises(GatewayUnavailable, match="owner 12345"):
        read_connection()


def _without(name: str) -> str:
    return json.dumps({key: value for key, value in vars(INFO).items() if key != name})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "\x00",
        _without("token"),
        json.dumps({**vars(INFO), "pid": "12"}),
        json.dumps({**vars(INFO), "url": "file:///etc/passwd"}),
    ],
)
def test_a_corrupt_file_is_as_good_as_none(content: str, caplog: pytest.LogCaptureFixture) -> None:
    path = write_connection(INFO)
    path.write_text(content)
    assert read_connection() is None
    assert read_connection() is None
    assert caplog.text.count("is ignored. Remove it.") == 1


def test_more_than_the_file_should_hold_is_not_taken_over() -> None:
    path = write_connection(INFO)
    path.write_text(json.dumps({**vars(INFO), "later": "more"}))
    assert read_connection() == INFO


def test_a_failed_write_leaves_the_old_file_and_nothing_else() -> None:
    path = write_connection(INFO)
    unwritable = ConnectionInfo("http://127.0.0.1:1", "t", object(), "0", "/")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        write_connection(unwritable)
    assert read_connection() == INFO
    assert list(path.parent.iterdir()) == [path]


def test_readers_see_the_old_file_or_the_new_one() -> None:
    infos = [ConnectionInfo(f"http://127.0.0.1:{n}", "t" * 10_000 * n, n, "0", "/") for n in (1, 2, 3)]
    write_connection(infos[0])
    writers = [threading.Thread(target=lambda i=i: [write_connection(i) for _ in range(50)]) for i in infos]
    for writer in writers:
        writer.start()
    seen = [read_connection()]
    while any(writer.is_alive() for writer in writers):
        seen.append(read_connection())
    assert all(info in infos for info in seen)
    assert [path.name for path in connection_file().parent.iterdir()] == [connection_file().name]
