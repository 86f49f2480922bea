"""What a container is doing: the three states of Kubernetes, and the record from which its status is written."""

from dataclasses import dataclass
from datetime import datetime

KILLED = 137


@dataclass(frozen=True)
class Waiting:
    """Not started yet, or not started again yet; the reason is a CamelCase word."""

    reason: str
    message: str = ""


@dataclass(frozen=True)
class Running:
    """Its main process runs."""

    started_at: datetime
    container_id: str


@dataclass(frozen=True)
class Terminated:
    """Its main process has ended, or could not be started."""

    exit_code: int
    reason: str
    message: str
    started_at: datetime
    finished_at: datetime
    container_id: str


State = Waiting | Running | Terminated


@dataclass(frozen=True)
class ContainerRecord:
    """Everything that a container's status says."""

    name: str
    image: str
    state: State
    started: bool = False
    ready: bool = False
    restart_count: int = 0
    last: Terminated | None = None
