"""What a manifest would do: steps, Jobs and pods as the operator makes them. Pure; also the form of `plan -o json`."""

from __future__ import annotations

from typing import Any

from ingestion_contract.base import ApiModel
from ingestion_contract.pod import Step
from ingestion_contract.redaction import redacted
from ingestion_contract.spec import Captions, IngestionRun, LanguageModel
from ingestion_operator.desired.names import job_name, limits_config_map_name, run_config_map_name
from ingestion_operator.desired.pod_template import WorkerSettings, pod_template
from ingestion_operator.desired.volumes import output_url
from kubectl_ingest.memory_fit import CARDS, workers_that_fit

_IMAGE_OF_NOBODY = WorkerSettings(image="the operator's")
"""A plan is made without an operator, and shows nothing of its settings."""


class SourcePlan(ApiModel):
    """Where the videos come from."""

    urls: list[str]
    limit: int | None
    captions: Captions
    languages: list[str]
    videos_per_hour: int | None


class ShardsPlan(ApiModel):
    """How the list is cut; how many shards that makes is known when it is there.

    Attributes:
        expected_at_least: where the source holds as many videos as spec.source.limit; more where they are long.
    """

    videos_per_shard: int
    expected_at_least: int | None


class StepPlan(ApiModel):
    """A step: a Job, and how many pods of it run at a time."""

    step: Step
    job: str
    pods_initial: int
    pods_min: int
    pods_max: int
    resources: dict[str, Any]


class CardFit(ApiModel):
    """How many workers fit on a card under the target, spec.workers.parallelism aside."""

    card: str
    device_bytes: int
    workers: int


class MemoryPlan(ApiModel):
    """Whether workers fit. Without a floor that is known only once a worker has measured it."""

    target_percent: int
    floor_bytes: int | None
    cards: list[CardFit]


class Plan(ApiModel):
    """What a manifest would do."""

    name: str
    namespace: str
    suspended: bool
    source: SourcePlan
    shards: ShardsPlan
    transcription: list[LanguageModel]
    embedding: str
    output: str
    steps: list[StepPlan]
    config_maps: list[str]
    memory: MemoryPlan
    min_success_percent: int


def plan(run: IngestionRun, floor_bytes: int | None) -> Plan:
    """Return what a run would do.

    Args:
        run: its manifest.
        floor_bytes: what one worker needs at the least, where the user knows it.
    """
    spec = run.spec.redacted()
    return Plan(
        name=run.metadata.name,
        namespace=run.metadata.namespace,
        suspended=spec.suspend,
        source=SourcePlan(
            urls=spec.source.urls,
            limit=spec.source.limit,
            captions=spec.source.captions,
            languages=spec.source.languages,
            videos_per_hour=spec.source.videos_per_hour,
        ),
        shards=_shards(run),
        transcription=spec.transcription.models,
        embedding=spec.embedding.model,
        output=_output(run),
        steps=[_step(run, step) for step in Step],
        config_maps=[run_config_map_name(run), limits_config_map_name(run)],
        memory=_memory(spec.memory.target_percent, floor_bytes),
        min_success_percent=spec.objectives.min_success_percent,
    )


def _shards(run: IngestionRun) -> ShardsPlan:
    limit, videos = run.spec.source.limit, run.spec.workers.videos_per_shard
    return ShardsPlan(videos_per_shard=videos, expected_at_least=-(-limit // videos) if limit is not None else None)


def _output(run: IngestionRun) -> str:
    claim = run.spec.output.persistent_volume_claim
    return redacted(output_url(run)) if claim is None else f"PersistentVolumeClaim {claim.claim_name}/{claim.path}"


def _step(run: IngestionRun, step: Step) -> StepPlan:
    bounds = run.spec.parallelism()
    initial, least, most = (bounds.initial, bounds.min, bounds.max) if step is Step.WORK else (1, 1, 1)
    [container] = pod_template(run, step, _IMAGE_OF_NOBODY)["spec"]["containers"]
    return StepPlan(
        step=step,
        job=job_name(run, step),
        pods_initial=initial,
        pods_min=least,
        pods_max=most,
        resources=container["resources"],
    )


def _memory(target_percent: int, floor_bytes: int | None) -> MemoryPlan:
    cards = (
        []
        if floor_bytes is None
        else [(card, workers_that_fit(card.bytes, target_percent, floor_bytes)) for card in CARDS]
    )
    return MemoryPlan(
        target_percent=target_percent,
        floor_bytes=floor_bytes,
        cards=[CardFit(card=card.name, device_bytes=card.bytes, workers=count) for card, count in cards],
    )
