"""Tells the errors of a device apart: by their type where it says enough, else by the words of who raises them.

The words are CTranslate2's, cuBLAS's, torch's and the C++ runtime's. Helpers of other projects miss CTranslate2's,
which has no full stop. One sign is no exception: CTranslate2's destructor may abort the process, exit code 134, which
says nothing about memory; the Job controller starts another.
"""

from __future__ import annotations

import errno
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import NoReturn

from ingestion_contract.metrics import OomKind, Stage
from ingestion_worker.conclusion import ConfigurationError, NodeUnusable, PodTooSmall, StickyDeviceFault


class DeviceFault(Enum):
    """What a device error means for the process."""

    OUT_OF_MEMORY = "memory ran out; the context survives, a smaller batch may fit"
    HOST_MEMORY = "the pod's own memory ran out; no smaller batch on the device mends that"
    NOT_SUPPORTED = "the device does not support this compute type"
    STICKY = "every later call fails, too: the process must be replaced"
    NODE_UNUSABLE = "driver or libraries of the node do not work"


FAULTS: tuple[tuple[str, DeviceFault], ...] = (
    ("cudaerrormemoryallocation", DeviceFault.OUT_OF_MEMORY),  # thrust's, which says std::bad_alloc too
    ("std::bad_alloc", DeviceFault.HOST_MEMORY),
    ("defaultcpuallocator", DeviceFault.HOST_MEMORY),
    ("cannot allocate memory", DeviceFault.HOST_MEMORY),
    ("cublas_status_not_supported", DeviceFault.NOT_SUPPORTED),
    ("do not support efficient", DeviceFault.NOT_SUPPORTED),
    ("unspecified launch failure", DeviceFault.STICKY),
    ("illegal memory access", DeviceFault.STICKY),
    ("misaligned address", DeviceFault.STICKY),
    ("device-side assert", DeviceFault.STICKY),
    ("uncorrectable ecc error", DeviceFault.STICKY),
    ("is not found or cannot be loaded", DeviceFault.NODE_UNUSABLE),
    ("driver version is insufficient", DeviceFault.NODE_UNUSABLE),
    ("no kernel image is available", DeviceFault.NODE_UNUSABLE),
    ("no cuda-capable device", DeviceFault.NODE_UNUSABLE),
    ("busy or unavailable", DeviceFault.NODE_UNUSABLE),
    ("cuda failed with error out of memory", DeviceFault.OUT_OF_MEMORY),
    ("cublas_status_alloc_failed", DeviceFault.OUT_OF_MEMORY),
    ("cuda out of memory", DeviceFault.OUT_OF_MEMORY),
    ("cuda error: out of memory", DeviceFault.OUT_OF_MEMORY),
    ("cuda failed with error", DeviceFault.STICKY),
    ("cublas failed with status", DeviceFault.STICKY),
    ("cuda error:", DeviceFault.STICKY),
    ("cudaerror", DeviceFault.STICKY),
)
"""Words in the message, in lower case, and what they mean; the first that is found counts.

Any other fault of CUDA's or cuBLAS's is taken as sticky: if it were taken as a window's own, each window that follows
would fail by itself, and its video with it.
"""

_COMPUTE_TYPE = {Stage.ASR: "spec.transcription.computeType", Stage.EMBED: "spec.embedding.computeType"}


def classify(error: BaseException) -> DeviceFault | None:
    """Return what a device error means, or None if it is none."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return DeviceFault.HOST_MEMORY
    if not isinstance(error, RuntimeError | ValueError | OSError):
        return None
    if _is_torchs(error, "OutOfMemoryError"):
        return DeviceFault.OUT_OF_MEMORY
    message = str(error).lower()
    by_words = next((fault for words, fault in FAULTS if words in message), None)
    if by_words is None and _is_torchs(error, "AcceleratorError"):
        return DeviceFault.STICKY
    return by_words


def _is_torchs(error: BaseException, name: str) -> bool:
    """Return whether an error is of a type of torch's, without importing torch: who has not cannot have raised it."""
    torch = sys.modules.get("torch")
    kind = getattr(torch, name, None)
    return kind is not None and isinstance(error, kind)


class OutOfDeviceMemory(Exception):
    """Device memory ran out, in a stage, while a model was loaded or in a batch.

    Attributes:
        asked: bytes that were asked for last, 0 where the library does not say.
    """

    def __init__(self, stage: Stage, kind: OomKind, asked: int) -> None:
        super().__init__(f"device memory ran out in {stage} ({kind})")
        self.stage = stage
        self.kind = kind
        self.asked = asked


@contextmanager
def device_errors(stage: Stage, kind: OomKind) -> Iterator[None]:
    """Translate the device errors of the block; other errors pass.

    Raises:
        OutOfDeviceMemory, PodTooSmall, StickyDeviceFault, NodeUnusable, ConfigurationError: what `classify` says.
    """
    try:
        yield
    except (RuntimeError, ValueError, OSError, MemoryError) as error:
        fault = classify(error)
        if fault is None:
            raise
        _raise(fault, stage, kind, error)


def _raise(fault: DeviceFault, stage: Stage, kind: OomKind, error: Exception) -> NoReturn:
    match fault:
        case DeviceFault.OUT_OF_MEMORY:
            # The frames that failed hold tensors, and the error holds the frames: their memory could not be freed.
            traceback.clear_frames(error.__traceback__)
            raise OutOfDeviceMemory(stage, kind, _asked(str(error))) from error
        case DeviceFault.HOST_MEMORY:
            raise PodTooSmall(
                f"this pod's own memory does not suffice for {stage}, which no smaller batch on the device mends: give "
                f"it more in spec.workers.resources: {error}"
            ) from error
        case DeviceFault.STICKY:
            raise StickyDeviceFault(f"the device failed in {stage} and stays failed: {error}") from error
        case DeviceFault.NODE_UNUSABLE:
            raise NodeUnusable(f"this node cannot run {stage}: {error}") from error
        case DeviceFault.NOT_SUPPORTED:
            raise ConfigurationError(
                f"{_COMPUTE_TYPE[stage]} cannot be had on this node's device in {stage}: float16 suits every GPU, "
                f"float32 also a CPU: {error}"
            ) from error


def _asked(message: str) -> int:
    """Return the bytes of torch's `Tried to allocate 6.90 GiB`, 0 without it."""
    match = re.search(r"Tried to allocate ([0-9.]+) ([KMG]iB)", message)
    if match is None:
        return 0
    return int(float(match[1]) * {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}[match[2]])
