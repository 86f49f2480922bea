"""What probes find."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DeviceFacts:
    """The device, in bytes; `total` is 0 for the CPU, `driver` empty where there is none."""

    name: str
    simulated: bool
    total: int
    used: int
    driver: str


@dataclass(frozen=True)
class EngineFacts:
    """A library that has computed: its version, and where it did: `cuda` or `cpu`."""

    version: str
    device: str


@dataclass(frozen=True)
class RuntimeFacts:
    """A JavaScript runtime."""

    name: str
    version: str
    supported: bool


@dataclass(frozen=True)
class HubFacts:
    """The models' hub, and the folder where models are kept."""

    endpoint: str
    cache: str
    writable: bool
    error: str | None
