"""The reference of the warm call: a Tornado handler that returns the same bytes and does nothing else."""

from __future__ import annotations

import asyncio
import sys

from tornado.web import Application, RequestHandler


class Same(RequestHandler):
    """Answers every POST alike."""

    def post(self) -> None:
        """Answer."""
        self.set_header("Content-Type", "application/json")
        self.finish(b'{"x":1}')


async def main(port: int) -> None:
    """Serve on loopback until killed."""
    Application([("/", Same)], log_function=lambda _: None).listen(port, "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
