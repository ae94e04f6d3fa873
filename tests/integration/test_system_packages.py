"""Debian packages and compiled packages, with real apt, debootstrap, compiler and containers.

The Debian base is made by debootstrap once and then stays at the engine, like any base image.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest

from jupyter_faas.gateway.images.host_base import host_python
from jupyter_faas.model.errors import BuildError
from tests.conftest import running
from tests.support.distributions import make_project, make_repository, make_sdist, make_wheel
from tests.support.docker import containers_of, owner_of, require_docker
from tests.support.gateway import Gateway
from tests.support.notebook import execute, notebook_of, text_of

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

COMPILERS = ("cc", "gcc", "g++", "c++", "make", "ld")
FIND_COMPILERS = f"import shutil\ndef found():\n    return [n for n in {COMPILERS!r} if shutil.which(n)]\n"


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose packages all come from a folder, and whose engine has the Debian base with figlet."""
    require_docker()
    folder = tmp_path_factory.mktemp("debian")
    (folder / "links").mkdir()
    patch = pytest.MonkeyPatch()
    patch.setenv("UV_FIND_LINKS", str(folder / "links"))
    patch.setenv("UV_NO_INDEX", "1")
    try:
        with running(folder / "gateway") as gateway:
            gateway.publish(BANNER, "banner", apt=("figlet",))
            yield gateway
    finally:
        patch.undo()


BANNER = (
    "import subprocess\n"
    "def banner(text: str = 'hi') -> str:\n"
    "    return subprocess.run(['figlet', text], capture_output=True, text=True, check=True).stdout\n"
)


def links(gateway: Gateway) -> Path:
    return gateway.folder.parent / "links"


def lock_of(gateway: Gateway, name: str) -> str:
    return str(gateway.request("GET", f"/api/v1/functions/{name}/lock").json["lock"])


def forget_images(gateway: Gateway, *kinds: str) -> int:
    """Remove the gateway's images of these kinds, as ``docker system prune`` would."""
    removed = 0
    with closing(docker.from_env()) as client:
        label = f"jupyter-faas.owner={owner_of(gateway.folder)}"
        for image in client.images.list(filters={"label": label}):
            for tag in image.tags:
                if tag.startswith(tuple(f"jupyter-faas/{kind}:" for kind in kinds)):
                    client.images.remove(tag, force=True)
                    removed += 1
    return removed


def test_a_program_of_debian_serves_a_notebook_function(debian: Gateway, tmp_path: Path) -> None:
    cell = f"%%publish shout --apt figlet\n{BANNER}"
    shown = text_of(execute(notebook_of([cell]), debian, tmp_path).cells[-1])
    assert "figlet  asked for with --apt" in shown
    assert "| |__ (_)" in debian.call("shout", {"text": "hi"}).json
    assert debian.client.function("shout")["apt"] == ["figlet"]
    lock = lock_of(debian, "shout")
    assert lock.startswith("# apt: figlet=2.")
    source = (
        "import pathlib\ndef locked():\n    return pathlib.Path('/opt/faas/requirements.lock').read_text()\n"
    )
    debian.publish(source, "locked", apt=("figlet",))
    assert debian.call("locked").json == lock


def test_the_layer_has_nothing_of_this_machine(debian: Gateway) -> None:
    source = (
        "import os, pathlib\n"
        "def left():\n"
        "    kept = ['/etc/apt/sources.list', '/etc/apt/auth.conf', '/faas-build', '/etc/machine-id']\n"
        "    kept += ['/usr/sbin/policy-rc.d']\n"
        "    for top in ('/var/cache', '/var/lib/apt', '/var/log', '/etc/apt/sources.list.d'):\n"
        "        kept += [os.path.join(f, n) for f, _, names in os.walk(top) for n in names]\n"
        "    passwd = pathlib.Path('/etc/passwd').read_text()\n"
        "    kept = [path for path in kept if os.path.exists(path)]\n"
        "    return kept, passwd.count('function:x:'), os.getuid()\n"
    )
    debian.publish(source, "left", apt=("figlet",))
    assert debian.call("left").json == [[], 1, 10001]


def test_unknown_packages_are_named_with_the_nearest(debian: Gateway) -> None:
    with pytest.raises(BuildError) as caught:
        debian.publish(BANNER, "unknown", apt=("figlett", "jq=0.1"))
    detail = caught.value.detail
    assert "--apt figlett: Debian's sources have no package of this name. Did you mean figlet" in detail
    assert "don't have jq in version 0.1" in detail
    assert any("E: Version '0.1' for 'jq' was not found" in line for line in caught.value.figures["log"])
    assert not [one for one in containers_of(owner_of(debian.folder)) if "-build-" in one.name]


def test_a_base_without_apt_is_refused_before_anything_is_built(debian: Gateway, tmp_path: Path) -> None:
    debian.publish("def based():\n    return 1\n", "based")
    host = host_python()
    reference = f"jupyter-faas/base:{host.minor}-host-{host.key[:12]}"
    with running(tmp_path / "gateway", f"--GatewayApp.base_image={reference}") as gateway:
        with pytest.raises(BuildError) as caught:
            gateway.publish(BANNER, "banner", apt=("figlet",))
        assert f"--apt: the base image {reference} has no apt-get that runs" in caught.value.detail
        assert containers_of(owner_of(gateway.folder)) == []


def test_plain_processes_have_the_packages_of_their_machine(tmp_path: Path) -> None:
    with running(tmp_path / "gateway", engine="process") as gateway, pytest.raises(BuildError) as caught:
        gateway.publish(BANNER, "banner", apt=("figlet",))
    assert "functions run as plain processes here" in caught.value.detail


def test_a_removed_image_is_built_again_from_its_lock(debian: Gateway) -> None:
    make_wheel(links(debian), "faas_ranged", "1.0")
    source = "import faas_ranged\ndef ranged():\n    return faas_ranged.VERSION\n"
    debian.publish(source, "ranged", requirements=("faas_ranged",), apt=("figlet",))
    before = lock_of(debian, "ranged")
    make_wheel(links(debian), "faas_ranged", "2.0")
    debian.stop()
    shutil.rmtree(debian.folder / "data/cache")
    assert forget_images(debian, "function", "environment", "packages", "system") >= 4
    debian.start()
    assert debian.call("ranged", timeout=300).json == "1.0"
    assert lock_of(debian, "ranged") == before
    debian.publish(source + "# again\n", "ranged", requirements=("faas_ranged",), apt=("figlet",))
    assert debian.call("ranged").json == "2.0"


def test_c_code_is_compiled_in_a_container_and_the_compiler_stays_there(
    debian: Gateway, tmp_path: Path
) -> None:
    project = make_project(tmp_path, "faas_compiled", native=True)
    backend = project / "backend.py"
    backend.write_text(
        "import os\n"
        "assert os.getuid() == 10001, 'built by the gateway'\n"
        "assert os.listdir('/sys/class/net') == ['lo'], 'has a network'\n" + backend.read_text()
    )
    make_sdist(links(debian), project)
    source = (
        f"import faas_compiled\n{FIND_COMPILERS}def compiled():\n    return faas_compiled.answer(), found()\n"
    )
    debian.publish(source, "compiled", requirements=("faas_compiled==1.0",))
    assert debian.call("compiled").json == [42, []]
    assert lock_of(debian, "compiled").endswith("    # built from source\n")
    forget_images(debian, "function", "environment", "packages")
    assert debian.call("compiled", timeout=120).json == [42, []]


def test_a_repository_with_c_code_and_a_debian_library(debian: Gateway, tmp_path: Path) -> None:
    project = make_project(tmp_path, "faas_linked", native=True)
    code = (project / "faas_linked.c").read_text()
    (project / "faas_linked.c").write_text("#include <zlib.h>\n" + code)
    commit = make_repository(project)
    requirement = f"faas_linked @ git+file://{project}@{commit}"
    source = "import faas_linked\ndef linked():\n    return faas_linked.answer()\n"
    with pytest.raises(BuildError) as caught:
        debian.publish(source, "linked", requirements=(requirement,))
    assert "faas-linked has to be built from source, and its build failed" in caught.value.detail
    assert "zlib.h: No such file" in caught.value.detail
    assert "--apt lib" in caught.value.detail
    assert any("zlib.h" in line for line in caught.value.figures["log"])
    debian.publish(source, "linked", requirements=(requirement,), apt=("zlib1g-dev",))
    assert debian.call("linked").json == 42
    assert f"faas-linked @ git+file://{project}@{commit}" in lock_of(debian, "linked")
