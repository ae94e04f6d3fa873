"""The files of a function's layer, in a folder of this machine."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path, PurePosixPath

from jupyter_faas.model.errors import InitError

__all__ = ["unpack_function"]

PREFIX = PurePosixPath("opt/faas/function")


def unpack_function(layer: bytes, folder: Path) -> None:
    """Unpack what a layer has at the function's place into ``folder``, which is empty; blocks.

    Everybody may read the files, whatever the umask is. Raises ``InitError`` for a layer that has anything
    else, or that can't be written.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(layer), mode="r:") as archive:
            for member in archive:
                path = PurePosixPath(member.name)
                if path in (PREFIX, *PREFIX.parents):
                    continue
                if (
                    not path.is_relative_to(PREFIX)
                    or ".." in path.parts
                    or not (member.isreg() or member.isdir())
                ):
                    raise InitError(
                        f"The function's layer has {member.name[:200]!r}, which is no file of a function."
                    )
                _place(archive, member, folder / path.relative_to(PREFIX))
    except (OSError, tarfile.TarError) as error:
        raise InitError(f"The function's files could not be put into its sandbox: {error}.") from error


def _place(archive: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    if member.isdir():
        place.mkdir(exist_ok=True)
        place.chmod(0o755)
        return
    source = archive.extractfile(member)
    place.write_bytes(source.read() if source is not None else b"")
    place.chmod(member.mode & 0o755 | 0o444)
