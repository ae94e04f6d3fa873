"""The limits within which a function runs."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["Caps"]

MB = 10**6
GB = 10**9


class Caps(BaseModel):
    """What one function may use; the unit of each cap is in its name.

    ``memory_bytes`` counts the instance's processes and its scratch files together, as the kernel does.
    ``concurrency`` is the number of calls that one instance runs at a time, each in a process of its own.
    ``isolate`` says what a call shares with those before it: their ``worker``, or nothing (``call``).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    timeout_seconds: Annotated[float, Field(ge=0.01, le=3600)] = 30.0
    init_timeout_seconds: Annotated[float, Field(ge=0.1, le=600)] = 30.0
    memory_bytes: Annotated[int, Field(ge=32 * MB, le=1024 * GB)] = 256 * MB
    cpu: Annotated[float, Field(ge=0.05, le=256)] = 1.0
    pids: Annotated[int, Field(ge=8, le=32768)] = 64
    scratch_bytes: Annotated[int, Field(ge=1 * MB, le=64 * GB)] = 64 * MB
    network: Literal["none", "egress"] = "none"
    payload_bytes: Annotated[int, Field(ge=1, le=1 * GB)] = 10 * MB
    result_bytes: Annotated[int, Field(ge=1, le=1 * GB)] = 10 * MB
    log_bytes: Annotated[int, Field(ge=0, le=100 * MB)] = 1 * MB
    concurrency: Annotated[int, Field(ge=1, le=64)] = 1
    max_instances: Annotated[int, Field(ge=1, le=1000)] = 4
    isolate: Literal["worker", "call"] = "worker"
    idle_seconds: Annotated[float, Field(ge=0, le=7 * 86400)] = 600.0

    @model_validator(mode="after")
    def _alone_where_isolated(self) -> Self:
        """Calls at the same time share a container, and what they leave in it can't be told apart."""
        if self.isolate == "call" and self.concurrency > 1:
            raise ValueError(
                "--isolate call runs one call at a time in an instance, but --concurrency is "
                f"{self.concurrency}. Use --max-instances for calls at the same time."
            )
        return self
