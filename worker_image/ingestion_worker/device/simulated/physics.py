"""All numbers of the simulated GPU, with their sources.

They stand for the models of the founding incident (distil-large-v3, and gte-Qwen2-1.5B in float32), whatever small
models really run on the CPU meanwhile. They are to be corrected from a trace whenever a real GPU has been at hand.

Marks: [M] measured, [S] read in source, [T] from a published table, [C] chosen.
"""

from __future__ import annotations

from ingestion_contract.metrics import Stage

GIB = 1024**3

CONTEXT_BYTES = int(0.4 * GIB)
"""CUDA context of a process, from its first load until it ends. [M] 0.3 to 0.5 GiB on recent cards."""

MODEL_BYTES = {
    Stage.ASR: int(1.4 * GIB),  # distil-large-v3 in float16: 756 M parameters of 2 bytes. [S]
    Stage.EMBED: int(6.6 * GIB),  # gte-Qwen2-1.5B as stored, float32: 7.1 GB. [S]
}

SMALLER_MODEL_BYTES = {
    **MODEL_BYTES,
    Stage.ASR: int(0.75 * GIB),  # the same in int8: 756 MB. [S]
}
"""A model in a smaller compute type than the run's own."""

BATCH_BYTES = {
    Stage.ASR: int(0.2 * GIB),  # per window: activations and decoder cache, without flash attention. [M]
    Stage.EMBED: 128 * 1024,  # per token, padding included: float32, a hidden layer of 8,960, some of it copied. [C]
}
"""What a batch takes in addition, per unit of its size."""

LOAD_SPIKE_BYTES = int(0.3 * GIB)
"""Staging buffers while a model is loaded. [C]"""

RESIDUE_BYTES = {
    Stage.ASR: int(0.25 * GIB),  # CTranslate2 keeps 200 to 300 MiB after unload_model, while the process lives. [M]
    Stage.EMBED: 0,  # torch gives its cache back with empty_cache(). [S]
}

FAILED_LOAD_BYTES = {
    Stage.ASR: 0,  # CTranslate2's weights are freed as their owners go. [C]
    Stage.EMBED: int(0.5 * GIB),  # tensors that had arrived, in torch's cache until empty_cache(). [C]
}
"""What a load that fails for want of memory leaves behind."""

FRAGMENTATION = 0.01
"""Share of the device that no allocation can use, unless a device is made with another. [C]"""

LOAD_BYTES_PER_SECOND = 3 * GIB
"""From the page cache over PCIe, checks included. [C] Memory is charged at the start of the load."""

BATCH_SECONDS = {
    Stage.ASR: 0.25,  # t0, see below
    Stage.EMBED: 0.03,  # [C]
}
"""Time of a batch, whatever its size: launches, and the decoder's steps, which all items of a batch share."""

SIZE_SECONDS = {
    Stage.ASR: 0.05,  # t1, per window
    Stage.EMBED: 0.00005,  # per token. [C]
}
"""Time that each unit of a batch's size adds. faster-whisper large-v2 on a 3070 Ti runs at 12 times real time unbatched
and at 46 with a batch of 8 [T], so t0 is about 5 times t1; t0 + t1 is 0.3 s for a clip of a few seconds on a small
card. [C]"""

UTILISATION_SECONDS = 10.0
"""Utilisation is the busy share of the last so many seconds."""
