"""What a publish takes whose packages no function has had yet, against pip in a Dockerfile.

*Cold*: neither ``uv`` nor the gateway has anything of these packages. *Warm uv cache, new gateway*: ``uv``
has them unpacked. *Warm uv cache*: the gateway has had them too, in other environments.
"""

from __future__ import annotations

import hashlib
import shutil
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import docker
import pip

from jupyter_faas.model.bundle import Bundle
from tests.benchmarks.figures import Comparison, seconds
from tests.support.distributions import make_wheel
from tests.support.docker import cleaned_up
from tests.support.gateway import Gateway, bundle_of
from tests.support.waiting import eventually

TURNS = 3
LEAST_BYTES = 50_000_000
"""What the packages take at least."""
PACKAGES = ("numpy", "pandas")
REFERENCE = "docker build with pip"
BASE = "org.opencontainers.image.base.name"
SOURCE = "import pandas\n\n\ndef f() -> int:\n    return int(pandas.DataFrame({'x': [1, 2]}).x.sum())\n"
# The base may have no shell.
DOCKERFILE = """\
FROM {base}
COPY pip /pip/pip
COPY certificates.pem /
ENV PYTHONPATH=/pip PIP_CERT=/certificates.pem TMPDIR=/
RUN ["python3", "-m", "pip", "install", "--quiet", "--no-cache-dir", "--target=/packages", {requirements}]
COPY handler.py /
"""


def new_environments(gateway: Gateway) -> Iterator[Comparison]:
    """In turns: with an empty ``uv`` cache, with the one that this has filled, and by pip."""
    del gateway  # shares its cache with whoever uses this machine
    states = ("cold uv cache", "warm uv cache, new gateway", "warm uv cache")
    ours: dict[str, list[float]] = {state: [] for state in states}
    reference = []
    with tempfile.TemporaryDirectory() as name, publishing(Path(name)) as own:
        context = context_for_docker(Path(name, "context"))
        for turn in range(TURNS):
            cache = Path(own.environment["UV_CACHE_DIR"])
            shutil.rmtree(cache, ignore_errors=True)
            for number, (state, taken) in enumerate(ours.items()):
                if state != states[-1]:
                    shutil.rmtree(own.folder / "data" / "cache", ignore_errors=True)
                taken.append(publish(own, f"only_{number}_{turn}", Path(name)))
                base = clean_up(own)
                assert bytes_in(cache) > LEAST_BYTES, "uv has used another cache"
            reference.append(seconds(lambda base=base: docker_build(base, context)))  # type: ignore[misc]
    for state, taken in ours.items():
        yield Comparison(f"new environment with pandas, {state}", taken, REFERENCE, reference)


def bytes_in(folder: Path) -> int:
    """What is in a folder, in bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@contextmanager
def publishing(folder: Path) -> Iterator[Gateway]:
    """A gateway with a ``uv`` cache of its own."""
    with cleaned_up(folder / "gateway"):
        gateway = Gateway(folder / "gateway")
        gateway.environment["UV_CACHE_DIR"] = str(folder / "uv")
        try:
            yield gateway.start()
        finally:
            gateway.close()


def publish(gateway: Gateway, unique: str, folder: Path) -> float:
    """How long it takes, check included, with a package of its own that makes the environment a new one."""
    wheel = make_wheel(folder, unique, "1.0")
    content, path = wheel.read_bytes(), f"wheels/{wheel.name}"
    bundle = bundle_of(
        SOURCE,
        "f",
        requirements=(*requirements(), f"{unique}==1.0"),
        constraints=constraints(),
        wheels={path: f"sha256:{hashlib.sha256(content).hexdigest()}"},
    )
    bundle = Bundle(bundle.manifest, {**bundle.files, path: content})
    taken = seconds(lambda: gateway.client.publish(bundle, {}, lambda *_: None))
    assert gateway.call("f").json == 3
    return taken


def requirements() -> list[str]:
    """The packages at the versions that this machine has."""
    return [f"{package}=={version(package)}" for package in PACKAGES]


def constraints() -> list[str]:
    """What the packages need, at the versions that this machine has, as a kernel names it."""
    found = []
    for package in ("python-dateutil", "pytz", "six", "tzdata"):
        with suppress(PackageNotFoundError):
            found.append(f"{package}=={version(package)}")
    return found


def clean_up(gateway: Gateway) -> str:
    """Remove the function and the images of its environment; the base that they stood on."""
    digest = gateway.client.function("f")["digest"]
    with closing(docker.from_env()) as client:
        engine: Any = client.api
        environment = engine.inspect_image(engine.inspect_image(digest)["Config"]["Labels"][BASE])
        gateway.client.delete("f")
        eventually(lambda: digest not in engine.images(quiet=True), 30, "the function's image is gone")
        below = layers(environment)[:-1]
        for image in engine.images("jupyter-faas/packages", quiet=True):
            with suppress(docker.errors.NotFound):  # others remove theirs meanwhile
                if layers(engine.inspect_image(image)) == below:
                    engine.remove_image(image, force=True)
        engine.remove_image(environment["Id"], force=True)
    return str(environment["Config"]["Labels"][BASE])


def layers(image: Any) -> list[str]:
    """The ids of an image's layers."""
    return list(image["RootFS"]["Layers"])


def context_for_docker(folder: Path) -> Path:
    """What the Dockerfile copies; the certificates are those of this machine, as behind a proxy."""
    shutil.copytree(Path(pip.__file__).parent, folder / "pip", ignore=shutil.ignore_patterns("__pycache__"))
    certificates = ssl.get_default_verify_paths().cafile
    bundled = Path(pip.__file__).parent / "_vendor" / "certifi" / "cacert.pem"
    shutil.copyfile(certificates or bundled, folder / "certificates.pem")
    (folder / "handler.py").write_text(SOURCE)
    return folder


def docker_build(base: str, context: Path) -> None:
    """The same packages as an image, the usual way."""
    quoted = ", ".join(f'"{one}"' for one in requirements())
    (context / "Dockerfile").write_text(DOCKERFILE.format(base=base, requirements=quoted))
    with closing(docker.from_env()) as client:
        built, _ = client.images.build(path=str(context), rm=True, nocache=True, network_mode="host")
        client.images.remove(str(built.id), force=True)
