"""How many instances there are in which state, and how many calls wait for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from jupyter_faas.gateway.dispatch.instance import Instance, InstanceState
from jupyter_faas.gateway.dispatch.pool import Pool

__all__ = ["Census", "states_of"]


def states_of(pools: Iterable[Pool]) -> dict[str, Counter[str]]:
    """The instances of each function that has any, counted by state."""
    found: dict[str, Counter[str]] = {}
    for pool in pools:
        if pool.instances:
            counts = found.setdefault(pool.target.function, Counter())
            counts.update(_state(instance) for instance in pool.instances)
    return found


@dataclass(frozen=True)
class Census:
    """Counts over all pools at one moment."""

    instances: Counter[str]
    """By state: ``starting``, ``busy``, ``idle``, ``paused``, ``ending``."""
    waiting: int
    """Calls without a slot, in all."""
    longest: int
    """Calls without a slot, of the version that has most of them."""

    @classmethod
    def of(cls, pools: Iterable[Pool]) -> Census:
        """Count."""
        instances = Counter(starting=0, busy=0, idle=0, paused=0, ending=0)
        queues = [0]
        for pool in pools:
            instances.update(_state(instance) for instance in pool.instances)
            queues.append(pool.waiting)
        return cls(instances, sum(queues), max(queues))


def _state(instance: Instance) -> str:
    if instance.state is InstanceState.STARTING:
        return "starting"
    if instance.state is InstanceState.ENDED:
        return "ending"
    if instance.paused:
        return "paused"
    return "idle" if instance.resting else "busy"
