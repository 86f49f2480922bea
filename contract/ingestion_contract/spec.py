"""`spec` of an IngestionRun: what a user writes."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from ingestion_contract.base import ApiModel
from ingestion_contract.redaction import USER_PATTERN, has_user, redacted
from ingestion_contract.rules import cel, immutable

Language = Annotated[str, Field(min_length=1, max_length=16)]
_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
"""No control characters: a NUL cannot stand in the arguments of a process, and six bytes in JSON stand for each."""

Url = Annotated[str, Field(min_length=1, max_length=2048, pattern=_PRINTABLE)]
Name = Annotated[str, Field(min_length=1, max_length=253)]
ObjectName = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
"""Name of an object in the run's namespace: nothing leads out of that."""

SecretKey = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]
ModelName = Annotated[str, Field(min_length=1, max_length=512)]
Quantity = Annotated[
    int | str,
    Field(json_schema_extra={"x-kubernetes-int-or-string": True, "maxLength": 64}),
]
QualifiedName = Annotated[str, Field(max_length=317)]
"""A key as Kubernetes has it: a prefix of 253 characters, a slash, and a name of 63."""

LabelMap = Annotated[dict[QualifiedName, Annotated[str, Field(max_length=63)]], Field(max_length=32)]
ResourceMap = Annotated[dict[QualifiedName, Quantity], Field(max_length=16)]


class Captions(StrEnum):
    """Whether captions that come with a video are used."""

    PREFER = "Prefer"
    ONLY = "Only"
    IGNORE = "Ignore"


class TranscriptionComputeType(StrEnum):
    """Number type of the speech recogniser's weights, in CTranslate2's words."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"
    INT8 = "int8"
    INT8_FLOAT16 = "int8_float16"


class EmbeddingComputeType(StrEnum):
    """Number type of the embedder's weights, in torch's words."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"


class SecretKeyRef(ApiModel):
    """One key of a Secret in the run's namespace; it is mounted, never read by the operator."""

    name: ObjectName = Field(description="Name of the Secret.")
    key: SecretKey = Field(description="Key in the Secret.")


class SecretRef(ApiModel):
    """A Secret in the run's namespace; those of its keys that are known become environment variables of the worker."""

    name: ObjectName = Field(description="Name of the Secret.")


MOST_URL_BYTES = 128 * 1024
"""Of all URLs of a run together: it must fit into etcd and into a ConfigMap, written as JSON, with its status."""
_URLS_TOO_LONG = (
    f"spec.source.urls must have at most {MOST_URL_BYTES} bytes in all: name playlists, or make several runs"
)
_URL_WITH_USER = (
    "spec.source.urls must name no user or password, as https://user:password@host does, since everybody who reads the "
    "run would see them: put cookies into the Secret of spec.source.cookiesSecretRef, or name a signed URL"
)


class Source(ApiModel):
    """Where the videos come from."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            (
                "size(self.urls) > 0",
                "spec.source.urls must name at least one URL that yt-dlp reads: a video, playlist, channel or feed",
            ),
            (f"self.urls.map(url, size(bytes(url))).sum() <= {MOST_URL_BYTES}", _URLS_TOO_LONG),
            (f"!self.urls.exists(url, url.matches('{USER_PATTERN}'))", _URL_WITH_USER),
        )
    )

    urls: list[Url] = Field(
        max_length=500,
        description="Videos, playlists, channels or feeds that yt-dlp reads; files, folders or patterns as s3://bucket/*.mp4.",
    )
    limit: int | None = Field(None, ge=1, le=100_000, description="At most so many videos, in the source's order.")
    captions: Captions = Field(
        Captions.PREFER,
        description="Prefer: captions first, speech recognition as the fallback. Only: captions or nothing. Ignore: "
        "always speech recognition.",
    )
    languages: list[Language] = Field(
        ["en"],
        min_length=1,
        max_length=32,
        description='Languages that are wanted, in order of preference; "*" is the one that is spoken. Captions are '
        "taken in them; a video without such captions of which another language is known to be spoken is skipped.",
    )
    videos_per_hour: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        description="Egress budget of the whole run, shared out over its workers, of which there are never more. Not "
        "set: no limit.",
    )
    cookies_secret_ref: SecretKeyRef | None = Field(None, description="A cookies.txt for yt-dlp.")

    @model_validator(mode="after")
    def _has_urls(self) -> Self:
        if not self.urls:
            raise ValueError("spec.source.urls must name at least one URL that yt-dlp reads")
        if sum(len(url.encode(errors="replace")) for url in self.urls) > MOST_URL_BYTES:
            raise ValueError(_URLS_TOO_LONG)
        if any(map(has_user, self.urls)):
            raise ValueError(_URL_WITH_USER)
        return self


class LanguageModel(ApiModel):
    """A speech model, and the languages it is used for."""

    languages: list[Language] = Field(min_length=1, max_length=128, description='Language codes; "*" is any language.')
    model: ModelName = Field(description="A faster-whisper name, a hub repository, or a path as /ingestion/models/x.")


class Transcription(ApiModel):
    """How speech becomes text."""

    compute_type: TranscriptionComputeType = TranscriptionComputeType.FLOAT16
    beam_size: int = Field(1, ge=1, le=16, description="Hypotheses kept while decoding; 1 is greedy, and fastest.")
    models: list[LanguageModel] = Field(
        [
            LanguageModel(languages=["en"], model="distil-large-v3"),
            LanguageModel(languages=["*"], model="large-v3-turbo"),
        ],
        min_length=1,
        max_length=16,
        description="The first model whose languages fit is used.",
    )
    word_times: bool = Field(
        True, description="Find when each word is spoken, and end segments with sentences; costs some time."
    )


_CHUNK_RULE = "spec.embedding.chunkTokens must not be above spec.embedding.maxSequenceLength"


class Embedding(ApiModel):
    """How text becomes vectors."""

    model_config = ConfigDict(json_schema_extra=cel(("self.chunkTokens <= self.maxSequenceLength", _CHUNK_RULE)))

    model: ModelName = Field(
        "Alibaba-NLP/gte-Qwen2-1.5B-instruct", description="A sentence-transformers model: a hub repository or a path."
    )
    compute_type: EmbeddingComputeType = EmbeddingComputeType.BFLOAT16
    max_sequence_length: int = Field(1024, ge=16, le=32_768, description="Longer input is cut, in tokens.")
    chunk_tokens: int = Field(
        350,
        ge=16,
        le=8192,
        description="Length of a chunk at the most, in tokens of the embedder; a longer segment is one by itself.",
    )

    @model_validator(mode="after")
    def _chunks_fit(self) -> Self:
        if self.chunk_tokens > self.max_sequence_length:
            raise ValueError(_CHUNK_RULE)
        return self


class ClaimOutput(ApiModel):
    """A folder of a PersistentVolumeClaim in the run's namespace."""

    claim_name: ObjectName = Field(description="Name of the PersistentVolumeClaim.")
    path: str = Field(
        "", max_length=512, pattern=_PRINTABLE, description="Folder inside the volume; empty is its root."
    )


class IndexType(StrEnum):
    """What makes the output searchable."""

    NONE = "None"
    LANCEDB = "LanceDB"
    PGVECTOR = "PGVector"


class OutputIndex(ApiModel):
    """The searchable index, written by the final step."""

    type: IndexType = Field(
        IndexType.LANCEDB,
        description="LanceDB: beside the output, below `index/`. PGVector: a PostgreSQL that the PG* variables of "
        "credentialsSecretRef lead to. None: no index.",
    )


class ClaimRef(ApiModel):
    """A PersistentVolumeClaim in the run's namespace."""

    claim_name: ObjectName = Field(description="Name of the PersistentVolumeClaim.")


_OUTPUT_ONE = "spec.output must set exactly one of uri and persistentVolumeClaim"
_OUTPUT_FILE = (
    "spec.output.uri must not be a file:// URL, or a local:// one, since a pod's disk goes with the pod: use object "
    "storage such as s3://bucket/prefix, or spec.output.persistentVolumeClaim"
)
_OUTPUT_SCHEME = "spec.output.uri must be a URL that fsspec writes to, such as s3://bucket/prefix or gs://bucket/prefix"
OUTPUT_WITH_USER = (
    "spec.output.uri must name no user or password, as s3://key:secret@bucket does, since everybody who reads the run "
    "would see them: put them into the Secret of spec.output.credentialsSecretRef"
)
_POD_LOCAL_PATTERN = "^(file|local):"
_OUTPUT_PATTERN = "^[a-z][a-z0-9+.-]*://.+"
_CLAIM_PATH = "spec.output.persistentVolumeClaim.path must be a relative path without '..'"


class Output(ApiModel):
    """Where the results go."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            ("has(self.uri) != has(self.persistentVolumeClaim)", _OUTPUT_ONE),
            (f"!has(self.uri) || !self.uri.matches('{_POD_LOCAL_PATTERN}')", _OUTPUT_FILE),
            (f"!has(self.uri) || self.uri.matches('{_OUTPUT_PATTERN}')", _OUTPUT_SCHEME),
            (f"!has(self.uri) || !self.uri.matches('{USER_PATTERN}')", OUTPUT_WITH_USER),
            (
                "!has(self.persistentVolumeClaim) || (!self.persistentVolumeClaim.path.startsWith('/') && "
                "!self.persistentVolumeClaim.path.split('/').exists(part, part == '..'))",
                _CLAIM_PATH,
            ),
        )
    )

    uri: str | None = Field(
        None, min_length=1, max_length=1024, pattern=_PRINTABLE, description="An fsspec URL: s3://bucket/prefix."
    )
    persistent_volume_claim: ClaimOutput | None = None
    credentials_secret_ref: SecretRef | None = Field(
        None,
        description="Environment variables for `uri`, `index` and models: AWS_ACCESS_KEY_ID, PGHOST, HF_TOKEN, ...",
    )
    index: OutputIndex = OutputIndex()

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.uri is None) == (self.persistent_volume_claim is None):
            raise ValueError(_OUTPUT_ONE)
        if self.uri is not None:
            if re.match(_POD_LOCAL_PATTERN, self.uri):
                raise ValueError(_OUTPUT_FILE)
            if not re.match(_OUTPUT_PATTERN, self.uri):
                raise ValueError(_OUTPUT_SCHEME)
            if has_user(self.uri):
                raise ValueError(OUTPUT_WITH_USER)
        elif self.persistent_volume_claim is not None:
            path = self.persistent_volume_claim.path
            if path.startswith("/") or ".." in path.split("/"):
                raise ValueError(_CLAIM_PATH)
        return self


_MIN_INITIAL = "spec.workers.parallelism.min must not be above spec.workers.parallelism.initial"
_INITIAL_MAX = "spec.workers.parallelism.initial must not be above spec.workers.parallelism.max"


class Parallelism(ApiModel):
    """How many worker pods run at a time: where the operator starts, and the bounds it keeps."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            ("self.min <= self.initial", _MIN_INITIAL),
            ("self.initial <= self.max", _INITIAL_MAX),
        )
    )

    initial: int = Field(1, ge=1, le=1000, description="Worker pods to begin with.")
    min: int = Field(
        1,
        ge=1,
        le=1000,
        description="Never fewer for want of memory; none while the run is stalled by OOMAtMinimum after exits in a "
        "row.",
    )
    max: int = Field(8, ge=1, le=1000, description="Never more.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min > self.initial:
            raise ValueError(_MIN_INITIAL)
        if self.initial > self.max:
            raise ValueError(_INITIAL_MAX)
        return self


class Resources(ApiModel):
    """Compute resources of a worker, as in a pod."""

    limits: ResourceMap = Field(
        {"nvidia.com/gpu": 1},
        description="By default one GPU, or one time slice of one; what is given here takes its place.",
    )
    requests: ResourceMap = Field({}, description="What is not given is as in limits.")


class TolerationOperator(StrEnum):
    """How a toleration matches a taint."""

    EXISTS = "Exists"
    EQUAL = "Equal"


class Toleration(ApiModel):
    """A taint that a worker tolerates, as in a pod."""

    key: str | None = Field(None, max_length=316, description="Key of the taint; none is every taint.")
    operator: TolerationOperator | None = None
    value: str | None = Field(None, max_length=63, description="Value of the taint, with the operator Equal.")
    effect: str | None = Field(None, max_length=32, description="Effect of the taint; none is every effect.")
    toleration_seconds: int | None = Field(None, description="How long a NoExecute taint is tolerated.")


class ModelCache(ApiModel):
    """Where models are kept between pods, mounted at /ingestion/models."""

    persistent_volume_claim: ClaimRef


class Workers(ApiModel):
    """The worker pods."""

    parallelism: Parallelism = Parallelism()
    videos_per_shard: int = Field(
        25, ge=1, le=1000, description="At most so many videos in a shard.", json_schema_extra=immutable()
    )
    resources: Resources = Field(Resources(), json_schema_extra=immutable())
    node_selector: LabelMap = Field({}, description="As in a pod.", json_schema_extra=immutable())
    tolerations: list[Toleration] = Field([], max_length=16, description="As in a pod.", json_schema_extra=immutable())
    priority_class_name: ObjectName | None = Field(None, description="As in a pod.", json_schema_extra=immutable())
    runtime_class_name: ObjectName | None = Field(None, description="As in a pod.", json_schema_extra=immutable())
    model_cache: ModelCache | None = Field(None, json_schema_extra=immutable())


class Memory(ApiModel):
    """How device memory is governed."""

    target_percent: int = Field(
        80,
        ge=10,
        le=95,
        description="Budgets and fits of all workers on a device add up to at most this share of it; the last one "
        "there may use what it needs at the least.",
    )
    recovery_after_seconds: int = Field(
        120, ge=1, le=86_400, description="How long memory must have been free before a worker is added."
    )
    allow_smaller_compute_type: bool = Field(
        False,
        description="Let a worker that has its device to itself and still does not fit load its speech model in int8.",
        json_schema_extra=immutable(),
    )


class Objectives(ApiModel):
    """What the run must reach to be a success."""

    min_success_percent: int = Field(
        90, ge=0, le=100, description="Of the videos that exist and may be read, in percent."
    )
    min_utilisation_percent: int = Field(
        50, ge=0, le=100, description="Of the time in which there is work for a device, in percent."
    )


class IngestionRunSpec(ApiModel):
    """What is to be ingested, where to, and within which bounds."""

    suspend: bool = Field(False, description="Stop the workers; nothing that is finished is lost.")
    source: Source = Field(json_schema_extra=immutable())
    transcription: Transcription = Field(Transcription(), json_schema_extra=immutable())
    embedding: Embedding = Field(Embedding(), json_schema_extra=immutable())
    output: Output = Field(json_schema_extra=immutable())
    workers: Workers = Workers()
    memory: Memory = Memory()
    objectives: Objectives = Objectives()
    queue_name: str | None = Field(
        None,
        max_length=63,
        pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
        description="A LocalQueue of Kueue in the run's namespace: it decides when the workers start.",
        json_schema_extra=immutable(),
    )
    active_deadline_seconds: int | None = Field(
        None,
        ge=1,
        le=31_536_000,
        description="How long the run may be active; time in which it is suspended, waits in its queue or is paused by "
        "a source that blocks it does not count. Then its workers are stopped, and what is finished decides.",
    )
    ttl_seconds_after_finished: int = Field(
        3600, ge=0, le=31_536_000, description="When the child Jobs are removed; the run itself stays."
    )

    def parallelism(self) -> Parallelism:
        """Return the bounds of parallelism, with no more workers than videos per hour.

        No worker can be given less than one video per hour, so that more of them would ask the source for too many.
        """
        bounds, most = self.workers.parallelism, self.source.videos_per_hour
        if most is None or most >= bounds.max:
            return bounds
        return Parallelism(initial=min(bounds.initial, most), min=min(bounds.min, most), max=most)

    def redacted(self) -> Self:
        """Return the spec as it may be shown and kept: its addresses without what is secret in them."""
        source = self.source.model_copy(update={"urls": [redacted(url) for url in self.source.urls]})
        uri = self.output.uri
        output = self.output.model_copy(update={"uri": uri and redacted(uri)})
        return self.model_copy(update={"source": source, "output": output})


class RunMetadata(ApiModel):
    """The part of an IngestionRun's metadata that a worker needs."""

    model_config = ConfigDict(extra="ignore")

    name: Name
    namespace: str = "default"
    uid: str = ""


class IngestionRun(ApiModel):
    """The manifest: the same for `kubectl apply -f` and for the run file that a worker reads."""

    model_config = ConfigDict(extra="ignore")

    metadata: RunMetadata
    spec: IngestionRunSpec


def parse_run(manifest: object) -> IngestionRun:
    """Read a manifest as the API server stores it, or as a user writes it.

    Raises:
        pydantic.ValidationError: names every field that is wrong.
    """
    return IngestionRun.from_wire(manifest)
