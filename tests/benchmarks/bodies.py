"""What the measured functions (``peers/serve/functions.py``) are called with."""

from __future__ import annotations

from typing import Any

BODIES: dict[str, dict[str, Any]] = {
    "echo": {"x": 1},
    "quantile": {"values": [float(number) for number in range(1000)]},
    "describe": {"rows": [{"a": float(number), "b": number * 0.5} for number in range(1000)]},
}
