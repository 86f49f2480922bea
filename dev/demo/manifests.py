"""The Kubernetes objects of a demonstration, as plain data. Pure."""

from __future__ import annotations

import math
from typing import Any

from ingestion_contract import identity, pod

Manifest = dict[str, Any]

NAMESPACE = "demo"
RUN = "founding-incident"
RESULTS = "results"
MODELS = "models"
WORKER_IMAGE = "ingestion-worker"
"""As the chart names it."""

ASR_MODEL = "demo-asr"
EMBEDDER = "all-minilm-l6-v2"
TARGET_PERCENT = 80
RECOVERY_SECONDS = 120
MOST_VIDEOS_PER_SHARD = 50


def run(feed_url: str, videos: int, workers: int) -> Manifest:
    """Return the IngestionRun of the founding incident: so many workers on one device, and small models that run here.

    Args:
        feed_url: where the sample media are served.
        videos: how many of them to ingest.
        workers: worker pods to begin with, and at the most.
    """
    return {
        "apiVersion": identity.API_VERSION,
        "kind": identity.KIND,
        "metadata": {"name": RUN, "namespace": NAMESPACE},
        "spec": {
            "source": {"urls": [feed_url], "limit": videos},
            "transcription": {
                "computeType": "int8",
                "models": [{"languages": ["*"], "model": f"{pod.MODELS_FOLDER}/{ASR_MODEL}"}],
            },
            "embedding": {
                "model": f"{pod.MODELS_FOLDER}/{EMBEDDER}",
                "computeType": "float32",
                "maxSequenceLength": 256,
                "chunkTokens": 128,
            },
            "output": {"persistentVolumeClaim": {"claimName": RESULTS}},
            "workers": {
                "parallelism": {"initial": workers, "min": 1, "max": workers},
                "videosPerShard": min(MOST_VIDEOS_PER_SHARD, math.ceil(videos / workers)),
                "modelCache": {"persistentVolumeClaim": {"claimName": MODELS}},
            },
            "memory": {"targetPercent": TARGET_PERCENT, "recoveryAfterSeconds": RECOVERY_SECONDS},
        },
    }
