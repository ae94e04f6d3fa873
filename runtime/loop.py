"""An event loop of forty lines: descriptors, and what to do when they can be read."""

from __future__ import annotations

import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .frames import Channel


MAX_EVENTS = 64  # a turn; those that are left come in the next


class Loop:
    """Calls back, level-triggered. A callback may be called without cause, so it must never block."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._channels: dict[int, Channel] = {}

    def watch(self, descriptor: int, callback: Callable[[], None]) -> None:
        """Call back whenever there is something to read."""
        self._callbacks[descriptor] = callback
        self._epoll.register(descriptor, select.EPOLLIN)

    def watch_channel(self, channel: Channel, callback: Callable[[], None]) -> None:
        """The same for a channel, whose unsent frames are sent as its peer takes them."""
        channel.awaited = False
        self._channels[channel.fileno()] = channel
        self.watch(channel.fileno(), callback)

    def forget(self, descriptor: int) -> None:
        """Watch it no longer; nothing if it isn't watched."""
        self._channels.pop(descriptor, None)
        if self._callbacks.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def turn(self, seconds: float | None) -> None:
        """Wait until something happens, for this long at most, and call back."""
        for descriptor, channel in self._channels.items():
            if channel.unsent != channel.awaited:
                channel.awaited = channel.unsent
                writing = select.EPOLLOUT if channel.unsent else 0
                self._epoll.modify(descriptor, select.EPOLLIN | writing)
        for descriptor, events in self._epoll.poll(seconds, MAX_EVENTS):
            channel_or_none = self._channels.get(descriptor)
            if events & select.EPOLLOUT and channel_or_none is not None:
                channel_or_none.flush()
            callback = self._callbacks.get(descriptor)
            if callback is not None:
                callback()
