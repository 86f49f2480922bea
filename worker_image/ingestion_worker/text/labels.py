"""What people read for the stages and states of a worker."""

from __future__ import annotations

from ingestion_contract.metrics import Stage, WorkerState

STAGES = {
    Stage.FETCH: "fetching",
    Stage.DECODE: "decoding",
    Stage.ASR: "speech",
    Stage.EMBED: "embedding",
    Stage.COMMIT: "writing",
}
"""In the order of a video's way."""

STATES = {
    WorkerState.WORKING: "working",
    WorkerState.WAITING_FOR_SOURCE: "waiting for the source",
    WorkerState.STARTING: "starting",
    WorkerState.WAITING_FOR_MEMORY: "waiting for memory",
    WorkerState.STOPPING: "stopping",
}
"""Those that bring a run forward come first."""
