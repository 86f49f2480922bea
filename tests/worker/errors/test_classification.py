"""Every row of the table of device errors."""

import errno
import gc
import weakref

import pytest
import torch

from ingestion_contract.metrics import OomKind, Stage
from ingestion_worker.conclusion import (
    ConfigurationError,
    NodeUnusable,
    PodTooSmall,
    StepError,
    StickyDeviceFault,
)
from ingestion_worker.device.errors import DeviceFault, OutOfDeviceMemory, classify, device_errors

TORCH_OOM = torch.OutOfMemoryError(
    "CUDA out of memory. Tried to allocate 6.60 GiB. GPU 0 has a total capacity of 23.53 GiB of which 4.99 GiB is free."
)

ROWS: list[tuple[BaseException, DeviceFault | None]] = [
    (RuntimeError("CUDA failed with error out of memory"), DeviceFault.OUT_OF_MEMORY),
    (RuntimeError("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED"), DeviceFault.OUT_OF_MEMORY),
    (TORCH_OOM, DeviceFault.OUT_OF_MEMORY),
    (torch.OutOfMemoryError("in words of another version"), DeviceFault.OUT_OF_MEMORY),
    (torch.AcceleratorError("CUDA error: out of memory\nCompile with ..."), DeviceFault.OUT_OF_MEMORY),
    (
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        DeviceFault.OUT_OF_MEMORY,
    ),
    (RuntimeError("cuBLAS failed with status CUBLAS_STATUS_NOT_SUPPORTED"), DeviceFault.NOT_SUPPORTED),
    (
        ValueError(
            "Requested float16 compute type, but the target device or backend do not support efficient float16 "
            "computation."
        ),
        DeviceFault.NOT_SUPPORTED,
    ),
    (RuntimeError("CUDA failed with error unspecified launch failure"), DeviceFault.STICKY),
    (torch.AcceleratorError("CUDA error: an illegal memory access was encountered"), DeviceFault.STICKY),
    (torch.AcceleratorError("CUDA error: uncorrectable ECC error encountered"), DeviceFault.STICKY),
    (RuntimeError("CUDA failed with error of a kind that nobody has seen yet"), DeviceFault.STICKY),
    (RuntimeError("cuBLAS failed with status CUBLAS_STATUS_OF_A_NEW_KIND"), DeviceFault.STICKY),
    (RuntimeError("CUDA error: CUBLAS_STATUS_OF_A_NEW_KIND when calling `cublasSgemm(handle)`"), DeviceFault.STICKY),
    (RuntimeError("parallel_for failed: cudaErrorOfANewKind: of a kind that nobody has seen yet"), DeviceFault.STICKY),
    (RuntimeError("std::bad_alloc: cudaErrorMemoryAllocation: out of memory"), DeviceFault.OUT_OF_MEMORY),
    (RuntimeError("CUDA failed with error no CUDA-capable device is detected"), DeviceFault.NODE_UNUSABLE),
    (
        torch.AcceleratorError("CUDA error: CUDA-capable device(s) is/are busy or unavailable"),
        DeviceFault.NODE_UNUSABLE,
    ),
    (torch.AcceleratorError("CUDA error: of a kind that nobody has seen yet"), DeviceFault.STICKY),
    (RuntimeError("Library libcublas.so.12 is not found or cannot be loaded"), DeviceFault.NODE_UNUSABLE),
    (
        RuntimeError("CUDA failed with error CUDA driver version is insufficient for CUDA runtime version"),
        DeviceFault.NODE_UNUSABLE,
    ),
    (MemoryError("out of memory"), DeviceFault.HOST_MEMORY),
    (RuntimeError("std::bad_alloc"), DeviceFault.HOST_MEMORY),
    (OSError(errno.ENOMEM, "Cannot allocate memory"), DeviceFault.HOST_MEMORY),
    (
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
            "allocate 4000000000000000 bytes. Error code 12 (Cannot allocate memory)"
        ),
        DeviceFault.HOST_MEMORY,
    ),
    (FileNotFoundError("no such model"), None),
    (RuntimeError("the shape is wrong"), None),
]


@pytest.mark.parametrize(("error", "fault"), ROWS, ids=lambda value: str(value)[:40])
def test_each_signal_has_its_class(error: BaseException, fault: DeviceFault | None) -> None:
    assert classify(error) is fault


def test_out_of_memory_carries_the_stage_and_what_was_asked_for() -> None:
    with pytest.raises(OutOfDeviceMemory) as caught, device_errors(Stage.EMBED, OomKind.LOAD):
        raise TORCH_OOM
    assert (caught.value.stage, caught.value.kind) == (Stage.EMBED, OomKind.LOAD)
    assert caught.value.asked == int(6.6 * 1024**3)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("an illegal memory access was encountered", StickyDeviceFault),
        ("CUDA driver version is insufficient", NodeUnusable),
        ("CUBLAS_STATUS_NOT_SUPPORTED", ConfigurationError),
        ("std::bad_alloc", PodTooSmall),
    ],
)
def test_other_faults_end_the_step_with_their_own_exit_code(message: str, kind: type[StepError]) -> None:
    with pytest.raises(kind, match=message), device_errors(Stage.ASR, OomKind.BATCH):
        raise RuntimeError(message)


def test_errors_of_other_kinds_pass() -> None:
    with pytest.raises(KeyError), device_errors(Stage.ASR, OomKind.BATCH):
        raise KeyError("a bug")


def test_torch_itself_says_so_when_the_hosts_memory_runs_out() -> None:
    with pytest.raises(PodTooSmall, match=r"spec\.workers\.resources"), device_errors(Stage.EMBED, OomKind.BATCH):
        torch.empty(2**50)


def test_what_the_failed_frames_held_can_be_freed_though_the_error_is_still_there() -> None:
    """The error holds its traceback, that the frames, and those the tensors of a batch that is to be halved."""

    class Tensor:
        """Stands for device memory."""

    alive: list[weakref.ref[Tensor]] = []

    def forward() -> None:
        activations = Tensor()
        alive.append(weakref.ref(activations))
        raise RuntimeError("CUDA failed with error out of memory")

    with pytest.raises(OutOfDeviceMemory) as caught, device_errors(Stage.ASR, OomKind.BATCH):
        forward()
    gc.collect()
    assert caught.value.__cause__ is not None
    assert alive[0]() is None
