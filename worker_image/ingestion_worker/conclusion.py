"""How a step of the worker ends: an exit code, and what it says about it."""

from __future__ import annotations

from dataclasses import dataclass

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.summary import MemoryReport, Summary


@dataclass(frozen=True)
class Conclusion:
    """The end of a step: the exit code, and the termination message."""

    code: ExitCode
    summary: Summary


class StepError(Exception):
    """The step cannot do its work. The message is one clear sentence for a person.

    Attributes:
        code: the exit code that says so to the Job controller.
        reason: one word in CamelCase.
    """

    code = ExitCode.CONFIGURATION
    reason = "InvalidConfiguration"


class ConfigurationError(StepError):
    """What the user asked for cannot work, here or on any other node."""

    def __init__(self, message: str, *, reason: str = "InvalidConfiguration") -> None:
        super().__init__(message)
        self.reason = reason


class SourceUnavailable(StepError):
    """The source did not answer; it may later. Counted by the Job controller, which tries again."""

    code = ExitCode.FAILURE
    reason = "SourceUnavailable"


class ModelUnavailable(StepError):
    """The hub does not give the model; it may later. Counted, and tried again."""

    code = ExitCode.FAILURE
    reason = "ModelUnavailable"


class OutputUnavailable(StepError):
    """The output's storage refuses to be read or written; it may not later. Counted, and tried again."""

    code = ExitCode.FAILURE
    reason = "OutputUnavailable"


class NodeUnusable(StepError):
    """The GPU, its driver or a library of this node is unusable."""

    code = ExitCode.UNUSABLE_NODE
    reason = "NodeUnusable"


class SourceBlocked(StepError):
    """The source blocks this address, whatever the video."""

    code = ExitCode.SOURCE_BLOCKED
    reason = "SourceBlocked"


class StickyDeviceFault(StepError):
    """The device fails every call of this process from now on."""

    code = ExitCode.STICKY_DEVICE_FAULT
    reason = "StickyDeviceFault"


class PodTooSmall(StepError):
    """This pod's own disk or memory does not suffice; counted, and tried again, perhaps on another node."""

    code = ExitCode.FAILURE
    reason = "PodTooSmall"


class Stopped(StepError):
    """The process was asked to stop."""

    code = ExitCode.STOPPED
    reason = "Stopped"


class MemoryExhausted(StepError):
    """Device memory is exhausted at the floor, and waiting did not help."""

    code = ExitCode.MEMORY_EXHAUSTED
    reason = "MemoryExhausted"

    def __init__(self, message: str, report: MemoryReport | None) -> None:
        super().__init__(message)
        self.report = report
