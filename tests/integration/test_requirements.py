"""What a function requires, from the kernel to its image: real kernels, a real gateway, real containers."""

from __future__ import annotations

import io
import secrets
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import docker
import pytest

from jupyter_faas.gateway.images.host_base import host_python
from jupyter_faas.model.errors import BuildError
from tests.conftest import running
from tests.support.docker import containers_of, owner_of
from tests.support.gateway import PYTHON, Gateway
from tests.support.notebook import execute, notebook_of, text_of

pytestmark = pytest.mark.docker


def publish(gateway: Gateway, folder: Path, *cells: str) -> str:
    """Run the cells; what the last one shows."""
    return text_of(execute(notebook_of(cells), gateway, folder).cells[-1])


def test_requirements_txt_and_a_script_block(gateway: Gateway, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("six<1.17\n")
    body = "def {}():\n    import six\n    return six.__version__"
    shown = publish(gateway, tmp_path, f"%%publish --environment requirements.txt\n{body.format('by_file')}")
    assert "six<1.17  requirements.txt" in shown
    assert "not pinned" in shown
    assert gateway.call("by_file").json == "1.16.0"
    block = '# /// script\n# dependencies = ["six==1.16.0"]\n# ///'
    shown = publish(gateway, tmp_path, block, f"%%publish --environment notebook\n{body.format('by_block')}")
    assert "not pinned" not in shown
    assert gateway.call("by_block").json == "1.16.0"


def test_the_lock_is_shown_and_in_the_image(gateway: Gateway) -> None:
    path = "/opt/faas/requirements.lock"
    source = f"import pathlib\ndef locked():\n    return pathlib.Path({path!r}).read_text()\n"
    gateway.publish(source, "locked", requirements=("six==1.16.0",))
    gateway.publish("def locked():\n    return 2\n", "locked")
    first = gateway.request("GET", "/api/v1/functions/locked/lock?version=1").json
    assert (first["function"], first["version"]) == ("locked", 1)
    assert first["lock"].startswith("six==1.16.0 \\\n    --hash=sha256:")
    assert gateway.call("locked@1").json == first["lock"]
    latest = gateway.request("GET", "/api/v1/functions/locked/lock").json
    assert (latest["version"], latest["lock"]) == (2, "")
    assert gateway.request("GET", "/api/v1/functions/locked/lock?version=9").status == 404
    assert gateway.request("GET", "/api/v1/functions/nothing/lock").status == 404
    anyone = gateway.request("GET", "/api/v1/functions/locked/lock", headers={"Authorization": ""})
    assert anyone.status == 401


@pytest.fixture(scope="module")
def host_base(gateway: Gateway) -> str:
    """The image that functions stand upon here; it is there once something has been published."""
    gateway.publish("def based():\n    return 1\n", "based")
    host = host_python()
    return f"jupyter-faas/base:{host.minor}-host-{host.key[:12]}"


@contextmanager
def built(dockerfile: str, python3: str = "") -> Iterator[str]:
    """An image made of a Dockerfile and a file ``python3``."""
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for name, content in (("Dockerfile", dockerfile), ("python3", python3)):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content.encode()))
    context.seek(0)
    tag = f"jupyter-faas-test/base:{secrets.token_hex(6)}"
    with closing(docker.from_env()) as client:
        client.images.build(fileobj=context, custom_context=True, tag=tag, rm=True)
        try:
            yield tag
        finally:
            client.images.remove(tag, force=True)


UNLABELLED = 'FROM {base}\nLABEL jupyter-faas.python=""\n'
FAKE = UNLABELLED + "COPY python3 /fake/python3\nENV PATH=/fake\n"


@pytest.mark.parametrize(
    ("dockerfile", "program", "said"),
    [
        ("FROM scratch\nCOPY python3 /\nLABEL jupyter-faas.python=3.4\n", "", "has Python 3.4"),
        (FAKE, "print('3.4')", "has Python 3.4"),
        (FAKE, "print('who knows')", "has no python3 that runs"),
        (FAKE, "raise SystemExit(3)", "has no python3 that runs"),
        ("FROM scratch\nCOPY python3 /\n", "", "has no python3 that runs"),
    ],
)
def test_a_base_with_another_python_is_refused_before_anything_is_built(
    host_base: str, tmp_path: Path, dockerfile: str, program: str, said: str
) -> None:
    fake = f"#!{host_python().executable}\n{program}\n"
    with (
        built(dockerfile.format(base=host_base), fake) as reference,
        running(tmp_path / "gateway", f"--GatewayApp.base_image={reference}") as gateway,
    ):
        with pytest.raises(BuildError) as caught:
            gateway.publish("def f():\n    pass\n", requirements=("six==1.16.0",))
        assert f"{reference} {said}" in caught.value.detail
        assert f"python:{PYTHON}-slim" in caught.value.detail
        assert caught.value.figures["step"] == "environment"
        assert not (tmp_path / "gateway/data/cache/locks").exists()
        assert containers_of(owner_of(gateway.folder)) == []


def test_a_base_with_the_right_python_serves(host_base: str, tmp_path: Path) -> None:
    with (
        built(UNLABELLED.format(base=host_base)) as reference,
        running(tmp_path / "gateway", f"--GatewayApp.base_image={reference}") as gateway,
    ):
        gateway.publish("def f():\n    return 7\n")
        assert gateway.call("f").json == 7
