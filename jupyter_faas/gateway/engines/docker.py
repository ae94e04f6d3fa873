"""The Docker Engine API: the only file that imports the Docker SDK.

The SDK blocks, so every call runs in a thread of the daemon's own small pool; what it raises is turned into
our errors in one place, ``translated``.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import IO, Any, ParamSpec, TypeVar, cast

import docker
import docker.errors
import docker.utils
import requests.exceptions
import urllib3.exceptions

from jupyter_faas.model.errors import EngineUnavailable

__all__ = ["Daemon", "Refused", "translated"]

T = TypeVar("T")
P = ParamSpec("P")

CONTROL_SECONDS = 60
"""How long a short request may take; starting a container on a busy machine takes seconds."""
TRANSFER_SECONDS = 1800
"""How long the engine may be silent while it loads, builds or pulls an image."""
CHUNK_BYTES = 1 << 20
THREADS = 16
DEFAULT_SOCKET = "unix:///var/run/docker.sock"

Json = dict[str, Any]


class Refused(Exception):
    """The engine answered and said no; ``status`` is its HTTP status, ``reason`` its sentence."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@contextmanager
def translated(address: str) -> Iterator[None]:
    """Turn the SDK's errors into ours: no answer is ``EngineUnavailable``, a "no" is ``Refused``."""
    try:
        yield
    except docker.errors.APIError as error:
        status = error.response.status_code if error.response is not None else 500
        raise Refused(status, str(error.explanation or error)) from error
    except (
        docker.errors.DockerException,
        requests.exceptions.RequestException,
        urllib3.exceptions.HTTPError,
        OSError,
    ) as error:
        raise EngineUnavailable(
            f"The Docker engine at {address} does not answer ({_cause(error)}). Start it (for example "
            "'sudo systemctl start docker'), set DOCKER_HOST to where it listens, or run the gateway with "
            "the process engine, which needs none.",
            engine="docker",
            address=address,
        ) from error


def _cause(error: BaseException) -> str:
    """The innermost reason in words; the SDK wraps a refused connection four times over."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


class Daemon:
    """A connection to one Docker engine; it is made at the first call, and again after a failure.

    ``base_url`` defaults to ``DOCKER_HOST`` (with ``DOCKER_TLS_VERIFY`` and ``DOCKER_CERT_PATH``) and then
    to the usual socket. Methods raise ``EngineUnavailable`` and ``Refused``.
    """

    def __init__(self, base_url: str | None = None) -> None:
        environment = docker.utils.kwargs_from_env()
        self._tls = environment.get("tls", False) if base_url is None else False
        self.address = base_url or str(environment.get("base_url") or DEFAULT_SOCKET)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="docker")
        self._clients: dict[int, docker.APIClient] = {}
        self._lock = threading.Lock()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """What the engine refuses in the block, and nobody expected, becomes ``EngineUnavailable``."""
        try:
            yield
        except Refused as refused:
            raise EngineUnavailable(
                f"The Docker engine at {self.address} refused: {refused.reason}",
                engine="docker",
                address=self.address,
                reason=refused.reason,
            ) from refused

    async def version(self) -> Json:
        """Version, operating system and architecture."""
        return await self._run(lambda: self._client().version())

    async def system(self) -> Json:
        """What ``docker info`` says."""
        return await self._run(lambda: self._client().info())

    async def create(self, name: str, config: Json) -> str:
        """Create a container from a rendered configuration; its id."""
        created = await self._run(lambda: self._client().create_container_from_config(config, name))
        return str(created["Id"])

    async def start(self, container: str) -> None:
        """Start a created container."""
        await self._run(lambda: self._client().start(container))

    async def inspect(self, container: str) -> Json | None:
        """A container's state and settings; ``None`` if there is none."""
        return await self._found(lambda: self._client().inspect_container(container))

    async def update(self, container: str, caps: Json) -> None:
        """Change the caps of a running container."""

        def update() -> None:
            client = self._client()
            url = f"{client.base_url}/v{client.api_version}/containers/{container}/update"
            answer = client.post(url, json=caps, timeout=CONTROL_SECONDS)  # the SDK's method has no pids
            if answer.status_code != 200:
                raise Refused(answer.status_code, answer.text[:1000])

        await self._run(update)

    async def pause(self, container: str) -> None:
        """Freeze all processes of a container."""
        await self._run(lambda: self._client().pause(container))

    async def unpause(self, container: str) -> None:
        """Thaw them."""
        await self._run(lambda: self._client().unpause(container))

    async def usage(self, container: str) -> Json | None:
        """What a container uses at this moment; ``None`` if there is none."""
        return await self._found(lambda: self._client().stats(container, stream=False, one_shot=True))

    async def kill(self, container: str) -> None:
        """Send SIGKILL; no error if the container has ended or gone."""
        with suppress_status(404, 409):
            await self._run(lambda: self._client().kill(container))

    async def output(self, container: str, lines: int) -> str:
        """The last lines that a container printed."""
        raw = await self._found(lambda: self._client().logs(container, tail=lines))
        return raw.decode("utf-8", "replace").strip() if raw else ""

    async def remove(self, container: str) -> None:
        """Remove a container by force; no error if it is gone or being removed."""
        with suppress_status(404, 409):
            await self._run(lambda: self._client().remove_container(container, v=True, force=True))

    async def put_files(self, container: str, archive: IO[bytes]) -> None:
        """Unpack a tar at the root of a container that isn't running yet."""
        await self._run(lambda: self._client(TRANSFER_SECONDS).put_archive(container, "/", archive))

    async def take_files(self, container: str, folder: str, stream: IO[bytes]) -> None:
        """Write the content of a folder as a tar to ``stream``; its members begin with the folder's name."""

        def take() -> None:
            chunks, _ = self._client(TRANSFER_SECONDS).get_archive(container, folder, chunk_size=CHUNK_BYTES)
            stream.writelines(chunks)

        await self._run(take)

    async def take_all(self, container: str, stream: IO[bytes]) -> None:
        """Write a container's whole file system as a tar to ``stream``."""

        def take() -> None:
            stream.writelines(self._client(TRANSFER_SECONDS).export(container, chunk_size=CHUNK_BYTES))

        await self._run(take)

    async def changes(self, container: str) -> list[Json]:
        """What differs from the image: ``Path``, and ``Kind`` 0 (modified), 1 (added) or 2 (deleted)."""
        return list(await self._run(lambda: self._client().diff(container)) or [])

    async def containers(self, labels: Iterable[str]) -> list[Json]:
        """All containers, ended ones too, with all of these labels (``name=value``)."""
        wanted = {"label": list(labels)}
        return list(await self._run(lambda: self._client().containers(all=True, filters=wanted)))

    async def image(self, reference: str) -> Json | None:
        """An image's configuration and layers; ``None`` if the engine doesn't have it."""
        return await self._found(lambda: self._client().inspect_image(reference))

    async def images(self, labels: Iterable[str]) -> list[str]:
        """The ids of all images with all of these labels (``name=value``)."""
        wanted = {"label": list(labels)}
        return list(dict.fromkeys(await self._run(lambda: self._client().images(quiet=True, filters=wanted))))

    async def tag(self, image: str, reference: str) -> None:
        """Give an image one more name."""
        repository, _, tag = reference.rpartition(":")
        await self._run(lambda: self._client().tag(image, repository, tag, force=True))

    async def remove_image(self, reference: str) -> None:
        """Remove an image; no error if it is gone or in use."""
        with suppress_status(404, 409):
            await self._run(lambda: self._client().remove_image(reference))

    async def load(self, chunks: Iterable[bytes]) -> None:
        """Load an archive in the format of ``docker save``; raises ``Refused`` if the engine can't."""

        def send() -> None:
            for event in self._client(TRANSFER_SECONDS).load_image(chunks, quiet=True):
                _raise_reported(event)

        await self._run(send)

    async def build(self, context: Iterable[bytes], tag: str, labels: Mapping[str, str]) -> None:
        """Build an image from ``context``, the bytes of a tar holding a Dockerfile."""

        def send() -> None:
            events = self._client(TRANSFER_SECONDS).build(
                fileobj=context,  # requests takes any iterable of bytes
                custom_context=True,
                tag=tag,
                labels=dict(labels),
                rm=True,
                forcerm=True,
                decode=True,
            )
            for event in events:
                _raise_reported(event)

        await self._run(send)

    async def pull(self, reference: str) -> None:
        """Fetch an image, with the credentials that the user's Docker configuration has."""

        def fetch() -> None:
            for event in self._client(TRANSFER_SECONDS).pull(reference, stream=True, decode=True):
                _raise_reported(event)

        await self._run(fetch)

    async def network(self, name: str) -> Json | None:
        """A network's settings; ``None`` if there is none of this name."""
        return await self._found(lambda: self._client().inspect_network(name))

    async def create_network(self, name: str, options: Mapping[str, str], labels: Mapping[str, str]) -> None:
        """Create a bridge network; no error if another gateway has just done so."""
        with suppress_status(409):
            await self._run(
                lambda: self._client().create_network(
                    name, driver="bridge", options=dict(options), labels=dict(labels), check_duplicate=True
                )
            )

    async def close(self) -> None:
        """Close the connections and end the threads."""
        with self._lock:
            clients = list(self._clients.values())
            self._clients.clear()
        for client in clients:
            client.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _client(self, timeout_seconds: int = CONTROL_SECONDS) -> Any:  # the SDK is typed in part only
        with self._lock:
            client = self._clients.get(timeout_seconds)
            if client is None:
                client = docker.APIClient(
                    self.address, timeout=timeout_seconds, tls=self._tls, max_pool_size=THREADS
                )
                self._clients[timeout_seconds] = client
            return client

    async def _found(self, request: Callable[[], T]) -> T | None:
        try:
            return await self._run(request)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    async def _run(self, request: Callable[[], T]) -> T:
        """Run a blocking request in a thread. A cancelled caller waits for its end: a request that is under
        way can't be recalled, and clean-up has to see what it did."""

        def guarded() -> T:
            with translated(self.address):
                return request()

        future = asyncio.get_running_loop().run_in_executor(self._threads, guarded)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            with suppress(Exception):
                future.exception()
            raise


@contextmanager
def suppress_status(*statuses: int) -> Iterator[None]:
    """Ignore refusals that say that what was asked for is so already."""
    try:
        yield
    except Refused as refused:
        if refused.status not in statuses:
            raise


def _raise_reported(event: object) -> None:
    """Streams answer 200 and report failure as an event."""
    report = cast("Json", event) if isinstance(event, dict) else {}
    if "error" in report:
        raise Refused(500, str(report.get("errorDetail", {}).get("message") or report["error"]))
