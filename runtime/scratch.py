"""What the calls of an instance can leave behind outside of processes: files, and System V's IPC objects.

Only used where calls are isolated from each other. One call runs at a time there, so that after it, all that
is found is its own, but for what importing the function made before.
"""

from __future__ import annotations

import os
import stat

from . import ipc
from .processes import Remains

TYPE_CHECKING = False
if TYPE_CHECKING:
    Contents = dict[str, tuple[object, ...]]

CONTAINER_PLACES = ("/dev/shm", "/dev/mqueue")  # noqa: S108 - the container's own
READ_BYTES = 1 << 20


class NotClean(Remains):
    """Files or objects could not be removed."""


class Scratch:
    """Where the function can write: ``folder``, and in a container its shared memory and queues."""

    def __init__(self, folder: str, contained: bool) -> None:
        places = (folder, *CONTAINER_PLACES) if contained else (folder,)
        self._places = {place: _identity(place) for place in places if os.path.isdir(place)}
        self._contained = contained
        self._before = self._kept = self._contents()
        self._objects = self._kept_objects = self._present_objects()

    def keep(self) -> None:
        """What is there now is the import's, and part of what each call finds."""
        try:
            self._kept = self._contents()
        except OSError:
            return  # something that nobody can read: it is made anew for each call
        self._kept_objects = self._present_objects()

    def reset(self) -> bool:
        """Remove what a call has left; whether what the import made is there as it was.

        If not, that is removed too, and the function has to be imported again. Raises ``NotClean``.
        """
        try:
            for place, (device, inode, mode) in self._places.items():
                _restore_place(place, device, inode, mode)
            whole = self._is_whole()
            if not whole:
                self._kept, self._kept_objects = self._before, self._objects
            for place in self._places:
                self._remove_new(place)
            if self._contained:
                ipc.remove(self._present_objects() - self._kept_objects)
        except OSError as error:
            raise NotClean(f"what a call has left behind can't be removed: {error}") from error
        if not whole and not self._is_whole():
            raise NotClean("a call has changed files that were there before the function")
        return whole

    def _is_whole(self) -> bool:
        files = all(_is_as_it_was(path, state) for path, state in self._kept.items())
        return files and self._kept_objects <= self._present_objects()

    def _present_objects(self) -> frozenset[tuple[str, int]]:
        return ipc.objects() if self._contained else frozenset()

    def _contents(self) -> Contents:
        found: Contents = {}
        pending = list(self._places)
        while pending:
            folder = pending.pop()
            for name in os.listdir(folder):
                path = f"{folder}/{name}"
                mode = os.lstat(path).st_mode
                found[path] = _state(path)
                if stat.S_ISDIR(mode):
                    pending.append(path)
        return found

    def _remove_new(self, place: str) -> None:
        """Remove what isn't kept in ``place``."""
        pending = [place]
        while pending:
            folder = pending.pop()
            for name in os.listdir(folder):
                path = f"{folder}/{name}"
                if path not in self._kept:
                    _remove(path, place)
                elif stat.S_ISDIR(os.lstat(path).st_mode):
                    pending.append(path)


def _identity(path: str) -> tuple[int, int, int]:
    status = os.lstat(path)
    return status.st_dev, status.st_ino, status.st_mode


def _restore_place(place: str, device: int, inode: int, mode: int) -> None:
    """A call may have put another folder, or a link to one, where the place was: that isn't ours to clean."""
    found_device, found_inode, found_mode = _identity(place)
    if (found_device, found_inode) != (device, inode) or not stat.S_ISDIR(found_mode):
        raise OSError(f"{place} was replaced")
    if found_mode != mode:
        os.chmod(place, stat.S_IMODE(mode))


def _is_as_it_was(path: str, state: tuple[object, ...]) -> bool:
    try:
        status = os.lstat(path)
        return (status.st_mode, status.st_ino) == state[:2] and _state(path) == state
    except OSError:
        return False


def _state(path: str) -> tuple[object, ...]:
    """What tells whether anything was changed: times that the function can't set, and contents, which can be
    written through a memory mapping without any trace in the times."""
    status = os.lstat(path)
    if stat.S_ISDIR(status.st_mode):
        return status.st_mode, status.st_ino, tuple(sorted(os.listxattr(path)))
    if stat.S_ISREG(status.st_mode) and os.access(path, os.R_OK):
        return status.st_mode, status.st_ino, status.st_ctime_ns, _digest(path)
    return status.st_mode, status.st_ino, status.st_ctime_ns


def _digest(path: str) -> bytes:
    from hashlib import blake2b

    digest = blake2b()
    with open(path, "rb", buffering=0) as file:
        while data := file.read(READ_BYTES):
            digest.update(data)
    return digest.digest()


def _remove(path: str, place: str) -> None:
    """Remove a file, or a folder however deep: folders in it are brought up to ``place`` level by level, as
    paths have a limit and so has recursion."""
    pending = [path]
    number = 0
    while pending:
        folder = pending.pop()
        status = os.lstat(folder)
        if not stat.S_ISDIR(status.st_mode):
            os.unlink(folder)
            continue
        os.chmod(folder, 0o700)  # also of a folder that its owner may not open: it's ours
        for name in os.listdir(folder):
            inner = f"{folder}/{name}"
            if stat.S_ISDIR(os.lstat(inner).st_mode):
                os.chmod(inner, 0o700)  # moving it changes its entry ".."
                number += 1
                moved = _free_name(place, number)
                os.rename(inner, moved)
                pending.append(moved)
            else:
                os.unlink(inner)
        os.rmdir(folder)


def _free_name(place: str, number: int) -> str:
    path = f"{place}/.removed-{number}"
    while os.path.lexists(path):
        path += "-"
    return path
