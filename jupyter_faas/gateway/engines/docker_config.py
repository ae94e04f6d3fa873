"""Renders the configuration of a sandbox for the Docker Engine API. Pure: no engine is asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_faas.gateway.engines.base import BuildSpec, SandboxSpec
from jupyter_faas.model.caps import Caps

__all__ = [
    "MOUNT_POINT",
    "RUNTIME_UID",
    "TCP_PORT",
    "build_config",
    "caps_update",
    "container_config",
    "link_by_socket",
    "link_by_tcp",
]

RUNTIME_UID = 10001
MOUNT_POINT = "/run/faas"
FUNCTION_POINT = "/opt/faas/function"
TCP_PORT = 8081
OPEN_FILES = 1024
RUNTIME_TASKS = 6
"""Tasks of supervisor and template, which ``caps.pids`` doesn't count; each slot's worker adds one more."""

BUILD_PIDS = 1024
INSTALLING_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETFCAP", "SETGID", "SETUID")

Json = dict[str, Any]


def container_config(spec: SandboxSpec, labels: Mapping[str, str], link: Json, cpus: float) -> Json:
    """The body of ``POST /containers/create`` for one sandbox.

    ``link`` is what ``link_by_socket`` or ``link_by_tcp`` gave; ``cpus`` is what the machine has, more is
    refused by the engine and means no cap.
    """
    host = _host_config(spec.caps, cpus)
    host |= link.pop("HostConfig")
    return {
        "Image": spec.image,
        "Hostname": "function",
        "User": f"{RUNTIME_UID}:{RUNTIME_UID}",
        "Labels": {**spec.labels, **labels},
        "AttachStdin": False,
        "AttachStdout": False,
        "AttachStderr": False,
        "OpenStdin": False,
        "Tty": False,
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": host,
        **link,
    }


def build_config(spec: BuildSpec, labels: Mapping[str, str], cpus: float) -> Json:
    """The body of ``POST /containers/create`` for one build container.

    Its root file system is writable, since what it writes is what it is for. As root it has what dpkg needs
    to hand files to their owners and to become the users of its own helpers, and nothing more.
    """
    user = "0:0" if spec.root else f"{RUNTIME_UID}:{RUNTIME_UID}"
    return {
        "Image": spec.image.id,
        "Hostname": "build",
        "User": user,
        "Entrypoint": list(spec.command),
        "Cmd": [],
        "Env": [f"{name}={value}" for name, value in spec.environment.items()],
        "WorkingDir": "/",
        "Labels": dict(labels),
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {
            "NetworkMode": "bridge" if spec.network else "none",
            "CapDrop": ["ALL"],
            "CapAdd": list(INSTALLING_CAPABILITIES) if spec.root else [],
            "SecurityOpt": ["no-new-privileges:true"],
            "Privileged": False,
            "PidsLimit": BUILD_PIDS,
            "Memory": spec.memory_bytes,
            "MemorySwap": spec.memory_bytes,
            "NanoCpus": round(cpus * 1e9),
            "Init": False,
            "AutoRemove": False,
            "RestartPolicy": {"Name": "no"},
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "4m", "max-file": "1"}},
        },
    }


def link_by_socket(directory: Path, network: str, function: Path | None = None) -> Json:
    """The instance connects to the gateway's socket in ``directory``, which it sees read-only, as it does the
    folder ``function`` of a prewarmed one."""
    mounts = {MOUNT_POINT: directory, **({FUNCTION_POINT: function} if function else {})}
    return {
        "Env": [f"FAAS_LINK=unix:{MOUNT_POINT}/gateway.sock"],
        "HostConfig": {
            # A mount (not a "bind"): a path that the engine doesn't have is refused and not made.
            "Mounts": [
                {"Type": "bind", "Source": str(source), "Target": target, "ReadOnly": True}
                for target, source in mounts.items()
            ],
            "NetworkMode": network,
        },
    }


def link_by_tcp(secret_sha256: str, host_ip: str, network: str) -> Json:
    """The instance listens on a port that the engine publishes at ``host_ip``, and wants the secret."""
    port = f"{TCP_PORT}/tcp"
    return {
        "Env": [f"FAAS_LINK=tcp:{TCP_PORT}", f"FAAS_SECRET_SHA256={secret_sha256}"],
        "ExposedPorts": {port: {}},
        "HostConfig": {
            "PortBindings": {port: [{"HostIp": host_ip, "HostPort": ""}]},
            "NetworkMode": network,
        },
    }


def _host_config(caps: Caps, cpus: float) -> Json:
    return {
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true"],  # the default seccomp profile applies by itself
        "Privileged": False,
        **caps_update(caps, cpus),
        "OomKillDisable": False,
        "Tmpfs": {"/tmp": _tmpfs(caps.scratch_bytes), "/dev/shm": _tmpfs(caps.scratch_bytes)},  # noqa: S108
        "Ulimits": [
            {"Name": "nofile", "Soft": OPEN_FILES, "Hard": OPEN_FILES},
            {"Name": "core", "Soft": 0, "Hard": 0},
        ],
        "IpcMode": "private",
        "Init": False,
        "AutoRemove": False,
        "RestartPolicy": {"Name": "no"},
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}},
    }


def caps_update(caps: Caps, cpus: float) -> Json:
    """Those caps that can be changed while a container runs; the body of ``POST /containers/{id}/update``."""
    return {
        "PidsLimit": caps.pids + RUNTIME_TASKS + caps.concurrency,
        "Memory": caps.memory_bytes,
        "MemorySwap": caps.memory_bytes,
        "NanoCpus": round(min(caps.cpu, cpus) * 1e9),
    }


def _tmpfs(size_bytes: int) -> str:
    """Options of a scratch file system. ``exec``: packages compile to /tmp and load the result, and whoever
    runs Python can run anything anyway. Inodes are kernel memory, hence their own cap."""
    inodes = 1024 + size_bytes // 16384
    return f"rw,exec,nosuid,nodev,size={size_bytes},nr_inodes={inodes},mode=1777"
