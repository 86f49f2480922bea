"""How a worker ends, and what the Job controller makes of it (wired in the Job's podFailurePolicy)."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the worker's container.

    Attributes:
        DONE: every video of the shard has a recorded outcome, and only then.
        FAILURE: any other error, such as a source that does not answer; counted, and tried again.
        CONFIGURATION: the configuration cannot work; the Job fails.
        UNUSABLE_NODE: this node's GPU or image is unusable; counted against the index.
        SOURCE_BLOCKED: the source blocks this address; ignored, the operator pauses the run.
        MEMORY_EXHAUSTED: device memory exhausted at the floor, and waiting did not help; ignored, but bounded.
        STICKY_DEVICE_FAULT: the process must be replaced; counted.
        KILLED: by SIGKILL; with the reason OOMKilled it was host memory; counted.
        STOPPED: asked to stop; finished work is committed, the shard is not complete; ignored.
    """

    DONE = 0
    FAILURE = 1
    CONFIGURATION = 64
    UNUSABLE_NODE = 69
    SOURCE_BLOCKED = 75
    MEMORY_EXHAUSTED = 85
    STICKY_DEVICE_FAULT = 86
    KILLED = 137
    STOPPED = 143


IGNORED = (ExitCode.SOURCE_BLOCKED, ExitCode.MEMORY_EXHAUSTED, ExitCode.STOPPED)
"""Exits that say nothing against the index: the Job controller starts it again without counting."""
