"""Numbers of the contest's world that the simulated GPU of the demo does not have, with their sources.

Memory, and the time of a batch, are those of `ingestion_worker.device.simulated.physics`: the contest, the demo and a
trace are one physics. Here is what a cluster adds: other cards, host time, several processes on one device.

Marks: [M] measured, [S] read in source, [T] from a published table, [C] chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

from ingestion_contract.metrics import Stage
from ingestion_worker.device.simulated import physics as simulated

GIB = simulated.GIB
CONTEXT = simulated.CONTEXT_BYTES
TARGET_PERCENT = 80
"""Of a device: the run's memory.targetPercent."""


@dataclass(frozen=True)
class Card:
    """A kind of GPU.

    Attributes:
        name: to show.
        memory: bytes.
        slowness: factor on the time of a batch, of which 1 is the simulated GPU's.
    """

    name: str
    memory: int
    slowness: float


# Sizes are the vendor's [T]. Speeds are chosen [C] between the ratio of their peak arithmetic (840, 1,565, 1,600, 4,035
# and 12,790 times real time for distil-large-v3) and that of their memory bandwidth: either may bind a decoder.
T4 = Card("T4", 16 * GIB, 1.8)
L4 = Card("L4", 24 * GIB, 1.0)
A10 = Card("A10", 24 * GIB, 0.8)
A100 = Card("A100", 80 * GIB, 0.45)
H200 = Card("H200", 141 * GIB, 0.3)
CARDS = (T4, L4, A10, A100, H200)

TEXT_TOKENS = 350
"""Of the longest text: the default of spec.embedding.chunkTokens. [S]"""

BATCH_SECONDS = simulated.BATCH_SECONDS[Stage.ASR]
"""t0: time of a batch of windows, whatever its size."""

WINDOW_TOKENS = 100
"""Tokens of text in a window: two to three words a second, for 25 s. [C]"""

WINDOW_SECONDS = simulated.SIZE_SECONDS[Stage.ASR] + WINDOW_TOKENS * simulated.SIZE_SECONDS[Stage.EMBED]
"""t1: time that each window adds, embedding of its words included."""

AUDIO_SECONDS_PER_WINDOW = 25.0
"""Windows have 30 s, and are cut at a pause. [C]"""

HOST_SECONDS = 0.08
"""Time between two batches of one process in which its device does nothing for it: Python, copies. [C]"""

SWITCH_LOSS = 0.03
"""Share of device time that each further process on it costs: time slices are switched, caches are cold. [C]"""

STOP_SECONDS = 2.0
"""From a pod's removal until its process has committed and is gone. [M] on the development cluster."""

REHEARSED_WINDOWS = 1 + 1 + 2 + 4
"""Heard to measure the footprint: one, one in doubt, two, four."""

LOOK_SECONDS = 5.0
"""Between two looks of the operator, which is also the interval of the scrapes. [S]"""

BEAT_SECONDS = 10.0
"""Between two updates of what batches have taken and taught, if nothing else happens. [C]"""

NOTICED_SECONDS = 0.3
"""From a change of a pod until the operator looks, because of the watch. [M] on the development cluster."""

TOUCHED_SECONDS = (0.5, 1.1)
"""From new limits until a worker has them, since its pod is annotated right after. [M]"""

PREFETCHED_SECONDS = 20.0
"""For so long a worker goes on when its source has closed: what was fetched before. [C]"""

REFUSED_SECONDS = 5.0
"""From a worker's first request until it is told that it is blocked, with its own retries. [C]"""

NEXT_TRY_SECONDS = 2.0
"""From a video that the incident's worker loses until it loses the next: its models do not load. [C]"""


@dataclass(frozen=True)
class Models:
    """What a worker loads: sizes in bytes, and how slow its speech model is beside the simulated GPU's.

    Attributes:
        asr: the speech model.
        embedder: the embedder.
        window_bytes: what each window of a batch takes.
        token_bytes: what each token of a batch of texts takes.
        slowness: factor on the time of a batch.
        warm_up: seconds that the host takes for them beside the transfer.
    """

    asr: int = simulated.MODEL_BYTES[Stage.ASR]
    embedder: int = simulated.MODEL_BYTES[Stage.EMBED]
    window_bytes: int = simulated.BATCH_BYTES[Stage.ASR]
    token_bytes: int = simulated.BATCH_BYTES[Stage.EMBED]
    slowness: float = 1.0
    warm_up: float = 0.0

    @property
    def weights(self) -> int:
        """Both models."""
        return self.asr + self.embedder


INCIDENT = Models()
"""distil-large-v3 in float16, gte-Qwen2-1.5B in float32: 8.6 GiB at the floor. [S]"""

BFLOAT16 = Models(embedder=simulated.MODEL_BYTES[Stage.EMBED] // 2, token_bytes=simulated.BATCH_BYTES[Stage.EMBED] // 2)
"""The same with the embedder in bfloat16, as is the default."""

SMALL = Models(embedder=int(0.5 * GIB), token_bytes=simulated.BATCH_BYTES[Stage.EMBED] // 8)
"""The same speech model with a small embedder, such as e5-base. [C]"""

TURBO = Models(
    asr=int(1.6 * GIB),
    embedder=simulated.MODEL_BYTES[Stage.EMBED] // 2,
    window_bytes=int(0.25 * GIB),
    token_bytes=simulated.BATCH_BYTES[Stage.EMBED] // 2,
    slowness=1.3,
)
"""large-v3-turbo (809 M parameters [T]); four decoder layers instead of two. [C]"""

LARGE = Models(
    asr=int(2.9 * GIB),
    embedder=simulated.MODEL_BYTES[Stage.EMBED] // 2,
    window_bytes=int(0.3 * GIB),
    token_bytes=simulated.BATCH_BYTES[Stage.EMBED] // 2,
    slowness=4.0,
)
"""large-v3 (1,550 M parameters [T]); distil-large-v3 is given as about 6 times as fast unbatched. [T]"""
