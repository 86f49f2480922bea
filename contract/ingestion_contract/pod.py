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

CREDENTIAL_PREFIX = "INGESTION_CREDENTIAL_"
"""Environment: what a key of the Secret of credentials is called in a pod, so that none is a variable that others read.

Else a Secret could name code to be run (`PYTHONPATH`, `LD_PRELOAD`), or another place to fetch models from.
"""

CREDENTIALS = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"),
    *("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE"),
    *("AWS_REQUEST_CHECKSUM_CALCULATION", "AWS_RESPONSE_CHECKSUM_VALIDATION"),
    *("FSSPEC_S3_KEY", "FSSPEC_S3_SECRET", "FSSPEC_S3_TOKEN", "FSSPEC_S3_ENDPOINT_URL"),
    *("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT"),
    *("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_CONNECTION_STRING"),
    *("AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_CLIENT_ID", "AZURE_STORAGE_CLIENT_SECRET", "AZURE_STORAGE_TENANT_ID"),
    *("PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGSSLMODE", "PGSSLROOTCERT", "PGCHANNELBINDING"),
    "HF_TOKEN",
)
"""The keys of that Secret which the worker puts into its environment; others it passes over.

Not among them: what names a file with commands or settings (`AWS_CONFIG_FILE`, `PGSERVICEFILE`), and `HF_ENDPOINT`,
since some models bring code.
"""

SECRETS = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("FSSPEC_S3_KEY", "FSSPEC_S3_SECRET", "FSSPEC_S3_TOKEN"),
    *("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_CONNECTION_STRING"),
    *("AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_CLIENT_SECRET"),
    *("PGPASSWORD", "HF_TOKEN"),
)
"""Those of them whose values are told to nobody; the others say where something is, and are of use in a message."""

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
