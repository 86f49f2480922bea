"""The next status of a run: from what was seen and what was decided. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from ingestion_contract.pod import Step
from ingestion_contract.status import (
    ConditionStatus,
    ConditionType,
    IngestionRunStatus,
    MemoryStatus,
    SourceStatus,
    Throughput,
    TrialStatus,
    VideoList,
    Videos,
    WorkersStatus,
)
from ingestion_contract.summary import DiscoverSummary, FinishSummary
from ingestion_operator.clock import whole_seconds
from ingestion_operator.decision.deadline import active_seconds, count_on, seconds_left
from ingestion_operator.decision.decision import Decision, Finding, Lever
from ingestion_operator.decision.limits import egress_share
from ingestion_operator.decision.policies.source_blocked import BLOCKED as SOURCE_BLOCKED
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.decision.stage import Failure, current_step, discovery, final_count, last_complaint
from ingestion_operator.observe.jobs import DEADLINE_EXCEEDED
from ingestion_operator.status.adaptations import add_adaptation
from ingestion_operator.status.conditions import Conditions, holds
from ingestion_operator.status.counts import final_videos, live_videos, progress
from ingestion_operator.status.memory import count_oom_events, used_percent
from ingestion_operator.status.trouble import stuck_terminating, trouble
from ingestion_operator.status.verdict import judge

PRESSURE_EASES_AFTER_SECONDS = 30.0
"""A waiting worker tries again now and then; the condition does not go up and down with it."""
SUSPENDED = "Suspended"
_HOLDS = {ConditionStatus.TRUE: True, ConditionStatus.FALSE: False, ConditionStatus.UNKNOWN: None}


def invalid_spec(status: IngestionRunStatus, generation: int, message: str, now: datetime) -> IngestionRunStatus:
    """Return the status of a run whose spec cannot be used."""
    conditions = Conditions(status.conditions, generation, now)
    conditions.stalled("InvalidSpec", message)
    return status.model_copy(update={"observed_generation": generation, "conditions": conditions.to_list()})


def acknowledge(status: IngestionRunStatus, generation: int, now: datetime) -> IngestionRunStatus:
    """Return the status of a finished run whose spec was changed: what holds stays, and was looked at."""
    conditions = Conditions(status.conditions, generation, now)
    for condition in status.conditions:
        conditions.set(condition.type, _HOLDS[condition.status], condition.reason, condition.message)
    return status.model_copy(update={"observed_generation": generation, "conditions": conditions.to_list()})


def next_status(
    snapshot: Snapshot, decision: Decision | None, problem: Finding | None, now: datetime
) -> IngestionRunStatus:
    """Return the status that the run is to have.

    Args:
        snapshot: what was seen.
        decision: what was decided; None while no workers are to run.
        problem: what keeps the operator itself from going on.
        now: the moment.
    """
    return _Report(snapshot, decision, problem, now).status()


class _Report:
    def __init__(self, snapshot: Snapshot, decision: Decision | None, problem: Finding | None, now: datetime) -> None:
        self._snapshot = snapshot
        self._before = snapshot.status
        self._spec = snapshot.run.spec
        self._decision = decision
        self._problem = problem
        self._now = now
        self._conditions = Conditions(snapshot.status.conditions, snapshot.generation, now)
        self._update: dict[str, object] = {}

    def status(self) -> IngestionRunStatus:
        step = current_step(self._snapshot)
        if step is Step.DISCOVER:
            self._discover()
        elif step is Step.WORK:
            self._work()
        else:
            self._finish()
        self._update["observed_generation"] = self._snapshot.generation
        self._update["active"] = count_on(self._before.active, self._is_active(step), self._now)
        self._update["start_time"] = self._before.start_time or whole_seconds(self._now)
        self._update["conditions"] = self._conditions.to_list()
        return self._before.model_copy(update=self._update)

    def _is_active(self, step: Step) -> bool:
        """Return whether the time counts that spec.activeDeadlineSeconds bounds."""
        held = self._spec.suspend or self._queued() or self._source.blocked_until is not None
        return step is not Step.FINISH and "completion_time" not in self._update and not held

    def _discover(self) -> None:
        result = discovery(self._snapshot)
        if isinstance(result, DiscoverSummary):
            self._begin_work(result)
        elif isinstance(result, Failure):
            self._end(None, complete=False, reason=result.reason, message=result.message)
        else:
            self._go_on("Discovering", f"the source is being listed{self._trouble(Step.DISCOVER)}")

    def _trouble(self, step: Step) -> str:
        """Return what keeps a step from going on as the end of a sentence, if anything does."""
        found = trouble(self._snapshot, step, self._now)
        return f"; {found}" if found else ""

    def _begin_work(self, found: DiscoverSummary) -> None:
        bounds = self._spec.parallelism()
        videos = Videos(total=found.count)
        self._update["video_list"] = VideoList(count=found.count, shards=found.shards, digest=found.digest)
        self._update["videos"] = videos
        self._update["progress"] = progress(videos)
        self._update["workers"] = WorkersStatus(
            parallelism=bounds.initial,
            changed_at=self._now,
            videos_per_hour=egress_share(self._spec.source.videos_per_hour, bounds.initial),
            reason="Initial",
        )
        self._go_on("Ingesting", f"{found.count} videos in {found.shards} shards, {bounds.initial} workers wanted")

    def _work(self) -> None:
        total = self._before.videos.total
        videos = live_videos(self._before.videos, total, self._snapshot.tallies.values())
        memory = count_oom_events(self._before.memory, self._snapshot.pods, self._snapshot.samples, self._now)
        self._update["videos"] = videos
        self._update["progress"] = progress(videos)
        if videos != self._before.videos:
            audio_seconds = sum(tally.audio_seconds for tally in self._snapshot.tallies.values())
            self._update["throughput"] = self._throughput(audio_seconds)
        parallelism = self._before.workers.parallelism if self._before.workers else 0
        if self._decision is not None:
            parallelism = self._decision.parallelism
            memory = self._levers(self._decision, memory)
            self._memory_conditions(self._decision)
        else:
            memory = self._without_workers(memory)
        self._update["memory"] = memory
        self._go_on_with_work(progress(videos), parallelism)

    def _go_on_with_work(self, done: str, parallelism: int) -> None:
        workers = "1 worker" if parallelism == 1 else f"{parallelism} workers"
        course = f"{done} videos, {workers} wanted"
        if seconds_left(self._spec.active_deadline_seconds, self._before.active, self._now) == 0:
            self._go_on(DEADLINE_EXCEEDED, f"{course}; spec.activeDeadlineSeconds has passed, the workers are stopped")
        elif self._queued():
            self._go_on("Queued", f"{course}, which the queue {self._spec.queue_name} holds back")
        elif stuck_terminating(self._snapshot, Step.WORK, self._now):
            self._go_on("ShardStuckTerminating", f"{course}{self._trouble(Step.WORK)}")
        elif self._source.blocked_until is not None:
            self._go_on(SOURCE_BLOCKED, f"{done} videos; {self._pause(parallelism)}{self._trouble(Step.WORK)}")
        else:
            self._go_on("Ingesting", f"{course}{self._trouble(Step.WORK)}")

    @property
    def _source(self) -> SourceStatus:
        return self._decision.source if self._decision is not None else self._before.source

    def _pause(self, parallelism: int) -> str:
        if parallelism:
            return "one worker tries whether the source answers"
        until = f"{self._source.blocked_until:%H:%M:%S} UTC"
        return f"the source blocks this cluster's address, one worker tries again at {until}"

    def _without_workers(self, memory: MemoryStatus) -> MemoryStatus:
        """Take back what is said of workers, since none is to run."""
        if holds(self._before.conditions, ConditionType.MEMORY_PRESSURE):
            self._conditions.set(ConditionType.MEMORY_PRESSURE, False, "NoPressure")
        if self._conditions.get(ConditionType.TELEMETRY_AVAILABLE) is not None:
            self._conditions.set(ConditionType.TELEMETRY_AVAILABLE, None, "NoWorkers")
        return memory.model_copy(update={"used_percent": None, "pressed_since": None})

    def _queued(self) -> bool:
        work = self._snapshot.jobs.get(Step.WORK)
        return self._spec.queue_name is not None and work is not None and work.suspended

    def _levers(self, decision: Decision, memory: MemoryStatus) -> MemoryStatus:
        before = self._before.workers or WorkersStatus(parallelism=decision.parallelism)
        update: dict[str, object] = {
            "parallelism": decision.parallelism,
            "budget_percent": decision.budget_percent,
        }
        if decision.parallelism != before.parallelism and decision.change is not None:
            update |= {"changed_at": self._now, "reason": decision.change.reason}
        if decision.budget_percent != before.budget_percent:
            update["budget_changed_at"] = self._now
        if decision.change is not None:
            self._update["adaptations"] = add_adaptation(
                self._before.adaptations, decision.change, _stood(before, decision.change.lever), self._now
            )
        if decision.ceiling is not None:
            update["ceiling"] = decision.ceiling.value
            update["ceiling_expires_at"] = decision.ceiling.expires_at
            update["ceiling_hold_seconds"] = decision.ceiling.hold_seconds
            update["ceiling_neighbour_bytes"] = decision.ceiling.neighbour_bytes
        limits = decision.limits
        if limits.revision != before.limits_revision:
            update |= {"limits_revision": limits.revision, "limits_changed_at": self._now}
        update["videos_per_hour"] = limits.videos_per_hour
        self._update["workers"] = before.model_copy(update=update)
        self._update["source"] = decision.source
        self._update["trial"] = decision.trial
        seen = {
            "used_percent": used_percent(self._snapshot.samples[uid] for uid in self._running()),
            "floor_bytes": limits.floor_bytes,
            "floors": decision.floors,
            "pressed_since": decision.pressed_since,
            "budget_bytes": limits.budget_bytes,
            "device_budgets": limits.device_budgets,
            "device_bytes": decision.device_bytes,
            "devices": decision.devices,
            "shared": decision.shared,
        }
        return memory.model_copy(update=seen)

    def _running(self) -> list[str]:
        return [pod.uid for pod in self._snapshot.pods if pod.active and pod.uid in self._snapshot.samples]

    def _memory_conditions(self, decision: Decision) -> None:
        pressure = decision.pressure
        quiet = self._now - self._snapshot.quiet_since
        if pressure is not None:
            self._conditions.set(ConditionType.MEMORY_PRESSURE, True, pressure.reason, pressure.message)
        elif not holds(self._before.conditions, ConditionType.MEMORY_PRESSURE) or quiet >= timedelta(
            seconds=PRESSURE_EASES_AFTER_SECONDS
        ):
            self._conditions.set(ConditionType.MEMORY_PRESSURE, False, "NoPressure")
        self._telemetry_condition(decision)
        self._objectives_condition(decision)
        blocked = decision.source.blocked_until is not None
        self._conditions.set(ConditionType.SOURCE_BLOCKED, blocked, SOURCE_BLOCKED if blocked else "SourceAnswers")

    def _telemetry_condition(self, decision: Decision) -> None:
        if decision.telemetry is not None:
            silence = decision.telemetry
            self._conditions.set(ConditionType.TELEMETRY_AVAILABLE, False, silence.reason, silence.message)
        elif self._running():
            self._conditions.set(ConditionType.TELEMETRY_AVAILABLE, True, "WorkersAnswer")
        elif not decision.parallelism:
            self._conditions.set(ConditionType.TELEMETRY_AVAILABLE, None, "NoWorkers")
        elif self._conditions.get(ConditionType.TELEMETRY_AVAILABLE) is None:
            self._conditions.set(ConditionType.TELEMETRY_AVAILABLE, None, "NoWorkersYet")

    def _objectives_condition(self, decision: Decision) -> None:
        short, told = decision.short_of, self._conditions.get(ConditionType.OBJECTIVES_MET)
        if short is not None:
            if told is None or told.reason != short.reason or self._update["videos"] != self._before.videos:
                self._conditions.set(ConditionType.OBJECTIVES_MET, False, short.reason, short.message)
        elif self._snapshot.rate is not None:
            self._conditions.set(ConditionType.OBJECTIVES_MET, True, "OnCourse")
        elif told is None:
            self._conditions.set(ConditionType.OBJECTIVES_MET, None, "TooEarly")

    def _finish(self) -> None:
        memory = count_oom_events(self._before.memory, self._snapshot.pods, self._snapshot.samples, self._now)
        self._update["memory"] = self._without_workers(memory)
        result = final_count(self._snapshot)
        if isinstance(result, FinishSummary):
            videos = final_videos(result)
            verdict = judge(videos, self._spec.objectives.min_success_percent, self._stopped_after())
            self._update["throughput"] = self._throughput(result.audio_seconds)
            message = verdict.message if verdict.complete else f"{verdict.message}{self._work_complaint()}"
            self._end(videos, complete=verdict.complete, reason=verdict.reason, message=message)
        elif isinstance(result, Failure):
            self._end(None, complete=False, reason=result.reason, message=result.message)
        else:
            self._go_on("Finishing", f"the output is being counted{self._trouble(Step.FINISH)}")

    def _stopped_after(self) -> int | None:
        work = self._snapshot.jobs.get(Step.WORK)
        return active_seconds(self._before.active, self._now) if work is not None and work.past_deadline else None

    def _work_complaint(self) -> str:
        work = self._snapshot.jobs.get(Step.WORK)
        complaint = last_complaint(self._snapshot, Step.WORK)
        if complaint is None or work is None or not work.failed or work.past_deadline:
            return ""
        return f"; the last worker that failed: {complaint.reason}: {complaint.message}"

    def _throughput(self, audio_seconds: int) -> Throughput:
        work = self._snapshot.jobs.get(Step.WORK)
        elapsed = (self._now - work.created_at).total_seconds() if work is not None else 0.0
        if elapsed < 1 or not audio_seconds:
            return self._before.throughput
        return Throughput(audio_hours_per_hour=f"{audio_seconds / elapsed:.1f}")

    def _go_on(self, reason: str, message: str) -> None:
        # What was decided comes first: that workers stay stopped until the spec is changed is remembered by it.
        stalled = (self._decision.stalled if self._decision is not None else None) or self._problem
        if stalled is not None:
            self._conditions.stalled(stalled.reason, stalled.message)
        elif self._spec.suspend:
            self._conditions.resting(SUSPENDED, "spec.suspend is true; nothing that is finished is lost")
        else:
            self._conditions.progressing(reason, message)

    def _end(self, videos: Videos | None, *, complete: bool, reason: str, message: str) -> None:
        if videos is not None:
            self._update["videos"] = videos
            self._update["progress"] = progress(videos)
        if complete:
            self._conditions.complete(reason, message)
        else:
            self._conditions.failed(reason, message)
        self._update["completion_time"] = whole_seconds(self._now)
        self._update["source"] = SourceStatus(changed_at=self._before.source.changed_at)
        self._update["trial"] = TrialStatus()
        if self._conditions.get(ConditionType.OBJECTIVES_MET) is not None:
            self._conditions.set(ConditionType.OBJECTIVES_MET, complete, reason, message)
        for kind in (ConditionType.MEMORY_PRESSURE, ConditionType.SOURCE_BLOCKED):
            if self._conditions.get(kind) is not None:
                self._conditions.set(kind, False, "RunEnded")
        self._conditions.drop(ConditionType.TELEMETRY_AVAILABLE)


def _stood(workers: WorkersStatus, lever: Lever) -> int:
    return workers.parallelism if lever is Lever.PARALLELISM else workers.budget_percent
