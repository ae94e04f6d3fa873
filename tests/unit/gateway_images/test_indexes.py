"""pip's settings reach uv, and passwords reach nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_faas.gateway.images.indexes import (
    has_credentials,
    read_pip_settings,
    redacted,
    uv_environment,
)


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment without any configuration of its own, where pip's files can be put."""
    return {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CONFIG_DIRS": str(tmp_path / "system"),
        "PIP_CONFIG_FILE": str(tmp_path / "named.conf"),
        "SSL_CERT_FILE": "/kept/as/it/is.crt",
    }


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_later_files_and_then_variables_win(home: dict[str, str], tmp_path: Path) -> None:
    put(tmp_path / "system/pip/pip.conf", "[global]\nindex-url = https://system/\ntrusted-host = a b\n")
    put(tmp_path / "config/pip/pip.conf", "[global]\nindex_url = https://user/\n")
    assert read_pip_settings(home).index_url == "https://user/"
    put(tmp_path / "named.conf", "[global]\nindex-url = https://named/\n[install]\nno-index = yes\n")
    assert read_pip_settings(home).index_url == "https://named/"
    assert read_pip_settings(home).no_index is True
    settings = read_pip_settings(home | {"PIP_INDEX_URL": "https://variable/", "PIP_NO_INDEX": "0"})
    assert settings.index_url == "https://variable/"
    assert settings.no_index is False
    assert settings.trusted_hosts[-2:] == ("a", "b")


def test_settings_become_uvs_variables(home: dict[str, str], tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    put(
        tmp_path / "named.conf",
        "[global]\nindex-url = https://u:p@one/simple\n"
        f"extra-index-url =\n    https://two/simple\n    file://{tmp_path}/missing\n"
        f"find-links = {wheels} {tmp_path}/missing\ncert = /company.crt\ntrusted-host = one\n",
    )
    variables = uv_environment(home)
    assert variables["UV_DEFAULT_INDEX"] == "https://u:p@one/simple"
    assert variables["UV_INDEX"] == "https://two/simple"
    assert variables["UV_FIND_LINKS"] == str(wheels)
    assert variables["UV_INSECURE_HOST"] == "one"
    assert variables["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert variables["SSL_CERT_FILE"] == home["SSL_CERT_FILE"]
    del home["SSL_CERT_FILE"]
    assert uv_environment(home)["SSL_CERT_FILE"] == "/company.crt"


def test_uvs_own_settings_take_the_place_of_pips(home: dict[str, str], tmp_path: Path) -> None:
    put(tmp_path / "named.conf", "[global]\nindex-url = https://pip/\n")
    assert "UV_DEFAULT_INDEX" in uv_environment(home)
    assert uv_environment(home | {"UV_INDEX": "https://uv/"}).get("UV_DEFAULT_INDEX") is None
    put(tmp_path / "config/uv/uv.toml", '[[index]]\nurl = "https://uv/"\n')
    assert "UV_DEFAULT_INDEX" not in uv_environment(home)


def test_pips_files_can_be_switched_off(home: dict[str, str], tmp_path: Path) -> None:
    put(tmp_path / "config/pip/pip.conf", "[global]\nindex-url = https://user/\n")
    assert read_pip_settings(home | {"PIP_CONFIG_FILE": os.devnull}).index_url == ""


def test_an_unreadable_file_is_skipped(home: dict[str, str], tmp_path: Path) -> None:
    put(tmp_path / "config/pip/pip.conf", "index-url without a section")
    (tmp_path / "named.conf").write_bytes(b"\xff\xfe\0")
    assert read_pip_settings(home).index_url == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://user:secret@host/simple", "https://***@host/simple"),
        ("see https://token@host/a and http://b:c@d.", "see https://***@host/a and http://***@d."),
        ("git+https://x:y@github.com/a/b@v1", "git+https://***@github.com/a/b@v1"),
        ("https://host/a@b", "https://host/a@b"),
        ("a@b.c", "a@b.c"),
    ],
)
def test_credentials_are_cut_out_of_urls(text: str, expected: str) -> None:
    assert redacted(text) == expected
    assert has_credentials(text) == (text != expected)


def test_the_user_of_ssh_is_no_credential() -> None:
    assert not has_credentials("git+ssh://git@github.com/a/b")
