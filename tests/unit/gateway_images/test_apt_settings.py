"""The host's apt configuration on its way into a build container."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_faas.gateway.images import apt_settings
from jupyter_faas.gateway.images.apt_settings import Release, host_mirror, proxy_variables, settings
from jupyter_faas.gateway.images.debian_base import why_no_debian

BOOKWORM = Release("debian", "bookworm")
DEB822 = """Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
"""


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty /etc/apt on Debian bookworm."""
    folder = tmp_path / "apt"
    (folder / "sources.list.d").mkdir(parents=True)
    monkeypatch.setattr(apt_settings, "APT", folder)
    monkeypatch.setattr(apt_settings, "host_release", lambda: BOOKWORM)
    return folder


def test_the_mirror_of_the_release_is_found_in_either_form(apt: Path) -> None:
    assert host_mirror(BOOKWORM) == ""
    (apt / "sources.list").write_text("# deb http://old.example bookworm main\n")
    assert host_mirror(BOOKWORM) == ""
    (apt / "sources.list.d/debian.sources").write_text(DEB822)
    assert host_mirror(BOOKWORM) == "http://mirror.example/debian"
    (apt / "sources.list").write_text("deb [arch=amd64] http://list.example/debian bookworm main\n")
    assert host_mirror(BOOKWORM) == "http://list.example/debian"
    assert host_mirror(Release("debian", "trixie")) == ""


def test_sources_go_along_with_their_keys_and_those_of_other_systems_do_not(apt: Path) -> None:
    (apt / "sources.list.d/debian.sources").write_text(DEB822)
    (apt / "sources.list.d/other.list").write_text("deb http://other.example nodistro main\n")
    (apt / "sources.list.d/off.list.disabled").write_text("deb http://off.example bookworm main\n")
    entries = {entry.path.removeprefix("faas-build/"): entry for entry in settings()}
    carried = entries["sources.list.d/debian.sources"].content or b""
    assert b"Signed-By: /faas-build/keyrings/debian-archive-keyring.gpg" in carried
    assert [path for path in entries if path.startswith("sources")] == ["sources.list.d/debian.sources"]
    assert entries["release"].content == b"debian bookworm\n"


def test_proxies_come_from_the_environment_and_then_from_apt(monkeypatch: pytest.MonkeyPatch) -> None:
    dumped = (("Acquire::http::Proxy", '"http://apt.example:3128";'), ("Acquire::https::Proxy", '"DIRECT";'))
    monkeypatch.setattr(apt_settings, "_dumped", lambda: dumped)
    assert proxy_variables({"HOME": "/root"}) == {"http_proxy": "http://apt.example:3128"}
    own = {"http_proxy": "http://own.example", "no_proxy": "localhost"}
    assert proxy_variables(own) == own


def test_why_there_is_no_debian(monkeypatch: pytest.MonkeyPatch) -> None:
    place = "jupyter_faas.gateway.images.debian_base."
    monkeypatch.setattr(f"{place}host_release", lambda: None)
    assert "neither Debian nor Ubuntu" in why_no_debian()
    monkeypatch.setattr(f"{place}host_release", lambda: BOOKWORM)
    monkeypatch.setattr(f"{place}shutil.which", lambda *_, **__: None)
    assert "apt-get install debootstrap" in why_no_debian()
    monkeypatch.setattr(f"{place}shutil.which", lambda *_, **__: "/usr/sbin/debootstrap")
    monkeypatch.setattr(f"{place}os.geteuid", lambda: 1000)
    assert "only root" in why_no_debian()
