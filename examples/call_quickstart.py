"""Call the functions of quickstart.ipynb over HTTP, as any program would.

    python call_quickstart.py http://127.0.0.1:PORT TOKEN

Needs nothing but Python: no part of jupyter-faas is imported.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.request

REQUESTS: list[tuple[str, str, str, dict[str, object] | None]] = [
    ("POST", "TestFn", "", {"message": "How are you?"}),
    ("POST", "summarize", "", {"values": [1, 2, 3, 4, 10], "q": 0.9}),
    ("GET", "TestFn", "?message=by+a+plain+link", None),
    (
        "POST",
        "totals",
        "",
        {
            "records": [
                {"city": "Oslo", "sales": 3},
                {"city": "Bergen", "sales": 4},
                {"city": "Oslo", "sales": 5},
            ],
            "by": "city",
            "value": "sales",
        },
    ),
]


def call(url: str, token: str, method: str, arguments: dict[str, object] | None) -> tuple[int, str, str]:
    """Send one request; the status, the Server-Timing header and the body."""
    request = urllib.request.Request(
        url,
        method=method,
        data=None if arguments is None else json.dumps(arguments).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.status, response.headers["Server-Timing"], response.read().decode()


def main(gateway: str, token: str) -> None:
    """Make every request and print it with its answer and its time."""
    for method, function, query, arguments in REQUESTS:
        url = f"{gateway}/functions/{function}{query}"
        begun = time.perf_counter()
        status, timing, body = call(url, token, method, arguments)
        milliseconds = (time.perf_counter() - begun) * 1000
        print(f"{method} {url}")
        if arguments is not None:
            print(f"    {json.dumps(arguments)}")
        print(f"    → {status} in {milliseconds:.1f} ms   ({timing})")
        print(f"    {body}\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
