"""How the operator calls the worker in a pod: mount paths, environment, arguments."""

from __future__ import annotations

from enum import StrEnum

WORKER_CONTAINER = "worker"
"""Name of the container that podFailurePolicy speaks of."""

RUN_FOLDER = "/ingestion/run"
RUN_FILE = f"{RUN_FOLDER}/run.json"
"""The manifest, with the run's name, namespace and uid, from a ConfigMap."""

LIMITS_FOLDER = "/ingestion/limits"
LIMITS_FILE = f"{LIMITS_FOLDER}/limits.json"

OUTPUT_FOLDER = "/ingestion/output"
"""Where an output that is a PersistentVolumeClaim is mounted."""

MODELS_FOLDER = "/ingestion/models"
"""Model cache: `HF_HOME` points here; paths below it may be named as models."""

COOKIES_FILE = "/ingestion/cookies/cookies.txt"

SCRATCH_FOLDER = "/tmp"
"""An emptyDir for downloads."""

POD_IP = "POD_IP"
"""Environment: the address on which a worker serves metrics and readiness."""

ALLOW_NETWORKS = "INGESTION_ALLOW_NETWORKS"
"""Environment: networks as CIDRs, separated by blanks, that may be asked beside public addresses."""

ALLOW_FOLDERS = "INGESTION_ALLOW_FOLDERS"
"""Environment: folders, separated by blanks, below which `file://` URLs may read."""

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
"""Environment, in capitals as well: by way of which proxies videos are asked for; no other spelling counts."""

COMPLETION_INDEX = "JOB_COMPLETION_INDEX"
"""Environment, set by the Job controller: the shard."""

TERMINATION_MESSAGE_FILE = "/dev/termination-log"


class Step(StrEnum):
    """The steps of a run: each a Job, and a command of `ingest`.

    discover: writes the list and cuts it into shards. work: ingests one shard. finish: counts what is there.
    """

    DISCOVER = "discover"
    WORK = "work"
    FINISH = "finish"
