"""A simulated worker: the real governor law, and around it what `Residency` does, without threads and clocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from math import ceil
from random import Random
from typing import cast

from benchmarks.control import physics
from benchmarks.control.device import Gpu
from benchmarks.control.holding import Holding
from benchmarks.control.physics import Models
from benchmarks.control.rates import Demand, Flow, Times
from benchmarks.control.scenario import Scenario
from benchmarks.control.shard import Shard
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.limits import Limits
from ingestion_contract.metrics import OomKind, Stage
from ingestion_contract.summary import MemoryReport
from ingestion_worker.device import Device, DeviceMemory
from ingestion_worker.device.errors import OutOfDeviceMemory
from ingestion_worker.device.simulated import physics as simulated
from ingestion_worker.memory import calibration, governor, ladder, patience, room
from ingestion_worker.memory.footprint import Footprint
from ingestion_worker.memory.governor import Batch, Governor
from ingestion_worker.memory.ladder import Rung
from ingestion_worker.memory.overhead import BatchTimes

Stages = frozenset[Stage]
BOTH: Stages = frozenset({Stage.ASR, Stage.EMBED})
PATIENCE_SECONDS = 600.0
"""For which a worker waits for room: the default of `--memory-wait-seconds`."""
TURN_SECONDS = 0.5
"""Between two looks whether it is a worker's turn to measure."""
LAW_BATCHES = 4
"""So many of the batches of a step are told to the law: as many as it takes to prove a ceiling, and one where it has
nothing to prove."""


class Phase(Enum):
    """What a worker does."""

    BEGINNING = "beginning"
    WAITING = "waiting for memory"
    LOADING = "loading"
    QUEUING = "waiting for its turn to measure"
    MEASURING = "measuring"
    WORKING = "working"
    EMBEDDING = "embedding all that was heard, in the second pass"
    LOSING = "losing videos"
    ENDED = "ended"


@dataclass(frozen=True)
class Conduct:
    """How workers behave.

    Attributes:
        governed: whether the governor decides on batches, and workers wait for room. Else batches have one size, and a
            video is lost when memory runs out, as in the founding incident.
        batch: that one size, in windows: one, as `transcribe()` of that worker hears them.
    """

    governed: bool = True
    batch: int = 1


class Worker:
    """One process, at one shard.

    Attributes:
        wake_at: when it is to be called next; none while it works.
        exit_code: with which it has ended.
        out_of_memory: how often memory ran out.
        limits: that it has applied.
        flow: how fast it is now; none unless it hears.
        audio: seconds that it has heard.
        overhead: what it has measured that a batch takes whatever its size, in windows.
    """

    def __init__(
        self, scenario: Scenario, gpu: Gpu, shard: Shard, limits: Limits, conduct: Conduct, chance: Random, now: float
    ) -> None:
        self.gpu = gpu
        self.shard = shard
        self.limits = limits.on(gpu.uuid)
        self.phase = Phase.BEGINNING
        self.wake_at: float | None = now
        self.exit_code: int | None = None
        self.out_of_memory = 0
        self.flow: Flow | None = None
        self.audio = 0.0
        self._found_done = shard.done
        self.overhead: float | None = None
        self._scenario = scenario
        self._models = scenario.models
        self._times: Times = scenario.times(gpu.spec)
        self._conduct = conduct
        self._chance = chance
        self._holding = gpu.join()
        self._law = Governor()
        self._rung = Rung.TOGETHER
        self._stage = Stage.ASR
        self._short_of = Stage.ASR
        self._footprints: dict[Stages, Footprint] = {}
        self._failed_alone = False
        self._last_need: int | None = None
        self._waits_since: float | None = None
        self._pauses = 0
        self._over_budget_since: float | None = None
        self._batch = 1
        self._batch_times = BatchTimes()
        self._short_of_memory = False

    @property
    def works(self) -> bool:
        """Whether it has its models, and uses them."""
        return self.phase in (Phase.WORKING, Phase.EMBEDDING)

    @property
    def ready(self) -> bool:
        """What its readiness probe is told: not from when it lacks memory until it works again, nor when it ends."""
        return not self._short_of_memory and self.phase is not Phase.ENDED

    @property
    def floor(self) -> int | None:
        """What it has measured that it needs at the least, in bytes."""
        stages = [frozenset({stage}) for stage in BOTH] if self._rung.two_passes else [BOTH]
        known = [self._footprints[held].floor for held in stages if held in self._footprints]
        return max(known) if len(known) == len(stages) else None

    @property
    def window_bytes(self) -> int | None:
        """What it has measured that each window of a batch adds."""
        return self._law.footprint.windows.slope if self._law.footprint is not None else None

    @property
    def recorded(self) -> int:
        """Videos of which it has recorded the outcome: not those that it found done."""
        return self.shard.done - self._found_done

    @property
    def own(self) -> int:
        """Bytes that it holds."""
        return self._holding.total

    def report(self) -> MemoryReport:
        """Return what its last words say of memory."""
        return MemoryReport(
            gpu_uuid=self.gpu.uuid,
            stage=self._short_of,
            total_bytes=self.gpu.spec.card.memory,
            used_bytes=self.gpu.used,
            own_bytes=self.own,
            floor_bytes=self.floor,
        )

    @property
    def batch_ceiling(self) -> int:
        """The largest batch that it allows itself now."""
        return self._batch

    @property
    def hears(self) -> bool:
        """Whether it runs batches of windows."""
        return self.phase is Phase.WORKING

    def demand(self, supply: float) -> Demand:
        """Return what it would do alone, with a source of so many windows a second."""
        return Demand(self._batch, supply)

    def apply(self, limits: Limits) -> None:
        """Take new limits."""
        self.limits = limits.on(self.gpu.uuid)
        self._batch = self._allowed(self._limits_here())

    def hear(self, seconds: float) -> None:
        """Let time pass."""
        if self.flow is not None:
            heard = min(self.shard.left, seconds * self.flow.windows * physics.AUDIO_SECONDS_PER_WINDOW)
            self.shard.hear(heard)
            self.audio += heard

    def stop(self, code: int) -> None:
        """End."""
        self.phase, self.wake_at, self.exit_code, self.flow = Phase.ENDED, None, code, None
        self.gpu.leave(self._holding)

    def wake(self, now: float) -> None:
        """Go on with what it waited for."""
        self.wake_at = None
        if self.phase in (Phase.BEGINNING, Phase.WAITING):
            self._seek_room(now)
        elif self.phase is Phase.LOSING:
            self.shard.lose_video()
            if self.shard.left:
                self._load(now)
            else:
                self.stop(ExitCode.DONE)
        elif self.phase is Phase.LOADING:
            self._holding.loaded()
            self._load(now)
        elif self.phase is Phase.QUEUING:
            self._take_turn(now)
        elif self.phase is Phase.MEASURING:
            self.gpu.measuring = None
            self._work(now)
        elif self.phase is Phase.EMBEDDING:
            self.stop(ExitCode.DONE)

    def finish(self, now: float) -> None:
        """Go on when all of the shard is heard: to its end, or to the second pass."""
        if self._rung.two_passes and self._stage is Stage.ASR:
            self._stage = Stage.EMBED
            self._release()
            self._law = replace(self._law, footprint=None)
            self._seek_room(now)
        else:
            self.stop(ExitCode.DONE)

    def step(self, now: float, seconds: float) -> None:
        """Let batches of so many seconds have been run: charge what they took, and let the law learn from them."""
        flow = self.flow
        if flow is None or self.phase is not Phase.WORKING or seconds <= 0:
            return
        batches = seconds / flow.period
        windows = ceil(flow.batch)
        limits = self._limits_here()
        tokens = self._tokens(windows, limits)
        try:
            self.gpu.charge_batch(self._holding, Stage.ASR, windows * self._models.window_bytes, now)
            self.gpu.charge_batch(self._holding, Stage.EMBED, tokens * self._models.token_bytes, now)
            leaked = int(batches * self._scenario.leak)
            if leaked:
                self.gpu.require(Stage.ASR, OomKind.BATCH, leaked, now)
                self._holding.leak(leaked)
        except OutOfDeviceMemory as error:
            self._batch_failed(error, windows, tokens, now)
        else:
            if self._conduct.governed:
                self._learn(windows, flow.response, batches, limits, now)
                self._keep_within_budget(now)
        self._batch = self._allowed(limits)

    def _learn(self, windows: int, seconds: float, batches: float, limits: Limits, now: float) -> None:
        permitted = governor.permitted(self._law, Stage.ASR, limits, True)
        batch = Batch(Stage.ASR, windows, seconds, permitted)
        own, ceiling = self.own, self._law.windows
        proves = permitted >= ceiling.size and (ceiling.raised_from or now >= ceiling.until)
        for _ in range(max(1, min(LAW_BATCHES, int(batches))) if proves else 1):
            self._law = governor.after_batch(self._law, batch, own, now)
        self._time_batch(windows, seconds)
        self._waits_since, self._pauses, self._failed_alone = None, 0, False

    def _batch_failed(self, error: OutOfDeviceMemory, windows: int, tokens: int, now: float) -> None:
        self.out_of_memory += 1
        if not self._conduct.governed:
            self.shard.lose_video()
            self._holding.trim(Stage.ASR)
            self._holding.trim(Stage.EMBED)
        elif error.stage is Stage.ASR and windows > 1:
            self._law = governor.after_out_of_memory(self._law, Stage.ASR, windows, now)
            self._holding.trim(Stage.ASR)
        elif error.stage is Stage.EMBED and tokens > physics.TEXT_TOKENS:
            self._law = governor.after_out_of_memory(self._law, Stage.EMBED, tokens, now)
        else:
            self._make_room(error, now)

    def _allowed(self, limits: Limits) -> int:
        if not self._conduct.governed:
            return self._conduct.batch
        return governor.allowed_windows(self._law, limits, True)

    def _tokens(self, windows: int, limits: Limits) -> int:
        """Return the tokens of a batch of texts: all words of some batches, as far as the law allows."""
        if self._rung.two_passes:
            return 0
        words = max(physics.TEXT_TOKENS, 8 * windows * physics.WINDOW_TOKENS)
        if not self._conduct.governed:
            return min(words, governor.MAX_TOKENS)
        return min(words, governor.allowed_tokens(self._law, limits, True))

    def _limits_here(self) -> Limits:
        return room.within_device(self.limits, self.gpu.memory(self._holding))

    def _keep_within_budget(self, now: float) -> None:
        footprint = self._law.footprint
        floor = footprint.floor if footprint is not None else None
        memory = self.gpu.memory(self._holding)
        self._over_budget_since = room.over_budget_since(self._over_budget_since, floor, self.limits, memory, now)
        if room.must_make_room(self._over_budget_since, now):
            self._over_budget_since = None
            self._law = governor.after_release(self._law, self._footprints.get(self._wanted), now)
            self._release()
            self._seek_room(now)

    @property
    def _wanted(self) -> Stages:
        return frozenset({self._stage}) if self._rung.two_passes else BOTH

    def _need(self) -> int | None:
        known = self._footprints.get(self._wanted)
        if known is not None:
            return known.floor
        return self._last_need if self._rung.two_passes else self.limits.floor_bytes or self._last_need

    def _seek_room(self, now: float) -> None:
        """Load the models if there may be room for them; else wait, or take up less where nobody will make room."""
        memory, need = self.gpu.memory(self._holding), self._need()
        if not self._conduct.governed or need is None or room.has_room(memory, need, self.limits):
            self._load(now)
        elif room.waiting_helps(memory, need, operated=True):
            self._pause(now)
        else:
            self._descend(now)

    def _pause(self, now: float) -> None:
        self._short_of_memory = True
        self.phase, self.flow = Phase.WAITING, None
        since = self._waits_since = now if self._waits_since is None else self._waits_since
        if now - since > PATIENCE_SECONDS:
            self._descend(now)
            return
        longest = min(patience.LAST_PAUSE_SECONDS, patience.FIRST_PAUSE_SECONDS * 2.0 ** min(self._pauses, 10))
        self._pauses += 1
        self.wake_at = now + longest * self._chance.uniform(0.5, 1.0)

    def _load(self, now: float) -> None:
        """Load the next model, or measure when all are there."""
        missing = [stage for stage in (Stage.ASR, Stage.EMBED) if stage in self._wanted - set(self._holding.models)]
        if not missing:
            self._loaded(now)
            return
        stage = missing[0]
        size = self._models.asr if stage is Stage.ASR else self._models.embedder
        try:
            self.gpu.require(stage, OomKind.LOAD, self._holding.needed_to_load(stage, size), now)
        except OutOfDeviceMemory as error:
            self.out_of_memory += 1
            self._make_room(error, now)
            return
        self._holding.load(stage, size)
        self.phase, self.flow = Phase.LOADING, None
        self.wake_at = now + size / simulated.LOAD_BYTES_PER_SECOND
        if stage is Stage.EMBED:
            self.wake_at += self._models.warm_up

    def _loaded(self, now: float) -> None:
        known = self._footprints.get(self._wanted)
        if known is not None or not self._conduct.governed:
            self._law = replace(self._law, footprint=known)
            self._work(now)
        else:
            self._take_turn(now)

    def _take_turn(self, now: float) -> None:
        """Measure, one worker of a device after the other."""
        if self.gpu.measuring is not None:
            self.phase, self.wake_at = Phase.QUEUING, now + TURN_SECONDS
            return
        rehearsal = _Rehearsal(self._models, self.gpu, self._holding, now)
        measuring = calibration.Calibration(
            cast(Device, rehearsal),
            rehearsal,
            self._limits_here().budget_bytes,
            _goes_on,
            partial(self._halve, now),
            self._time_rehearsal,
        )
        try:
            footprint = measuring.measure(self._wanted)
        except OutOfDeviceMemory as error:
            self.out_of_memory += 1
            self._make_room(error, now)
            return
        self._footprints[self._wanted] = footprint
        self._law = replace(self._law, footprint=footprint)
        self.gpu.measuring = self._holding
        self.phase, self.flow = Phase.MEASURING, None
        self.wake_at = now + 4 * self._times.batch + physics.REHEARSED_WINDOWS * self._times.window

    def _time_rehearsal(self, windows: int, _: float) -> None:
        self._time_batch(windows, self._times.batch + self._times.window * windows)

    def _time_batch(self, windows: int, seconds: float) -> None:
        """Learn how much of a batch's time does not depend on its size; beside others, it also depends on them."""
        if room.has_neighbours(self.gpu.memory(self._holding)):
            return
        self._batch_times = self._batch_times.with_batch(windows, seconds)
        self.overhead = self._batch_times.overhead or self.overhead

    def _halve(self, now: float, error: OutOfDeviceMemory, size: int) -> None:
        self.out_of_memory += 1
        self._law = governor.after_out_of_memory(self._law, error.stage, size, now)
        if error.stage is Stage.ASR:
            self._holding.trim(Stage.ASR)

    def _work(self, now: float) -> None:
        self._short_of_memory = False
        if self._stage is Stage.ASR:
            self.phase = Phase.WORKING
            self._batch = self._allowed(self._limits_here())
        else:
            self.phase = Phase.EMBEDDING
            windows = self.shard.total / physics.AUDIO_SECONDS_PER_WINDOW
            embed = physics.WINDOW_TOKENS * simulated.SIZE_SECONDS[Stage.EMBED]
            slowness = self._scenario.models.slowness * self.gpu.spec.card.slowness
            self.wake_at = now + windows * embed * slowness

    def _make_room(self, error: OutOfDeviceMemory, now: float) -> None:
        """Release all models; wait, try once more, or take up less of the device."""
        memory = self.gpu.memory(self._holding)
        self._short_of = error.stage
        self._last_need = memory.own + error.asked
        self._short_of_memory = True
        self._release()
        if not self._conduct.governed:
            self.phase, self.wake_at = Phase.LOSING, now + physics.NEXT_TRY_SECONDS
        elif room.waiting_helps(memory, self._need(), operated=True):
            self._pause(now)
        elif self._failed_alone:
            self._descend(now)
        else:
            self._failed_alone = True
            self.phase, self.wake_at = Phase.BEGINNING, now + TURN_SECONDS

    def _release(self) -> None:
        self._holding.release()
        self.flow = None

    def _descend(self, now: float) -> None:
        rung = ladder.lower(self._rung, self._short_of, transcribes=True, may_shrink=False)
        if rung is None:
            self.shard.fall_back()
            self.stop(ExitCode.MEMORY_EXHAUSTED)
            return
        self._rung = rung
        self._failed_alone = False
        self._law = replace(self._law, footprint=None)
        self._last_need, self._waits_since, self._pauses = None, None, 0
        self.phase, self.wake_at = Phase.BEGINNING, now + TURN_SECONDS


def _goes_on() -> None:
    """Nobody asks a worker to stop while it measures."""


class _Rehearsal:
    """Batches to measure with, and the device that they run on, as far as `Calibration` looks at it."""

    text_tokens = physics.TEXT_TOKENS

    def __init__(self, models: Models, gpu: Gpu, holding: Holding, now: float) -> None:
        self._models, self._gpu, self._holding, self._now = models, gpu, holding, now

    def memory(self) -> DeviceMemory:
        return self._gpu.memory(self._holding)

    def windows(self, count: int) -> None:
        self._gpu.charge_batch(self._holding, Stage.ASR, count * self._models.window_bytes, self._now)

    def doubt(self) -> None:
        self.windows(1)

    def texts(self, count: int) -> None:
        size = count * self.text_tokens * self._models.token_bytes
        self._gpu.charge_batch(self._holding, Stage.EMBED, size, self._now)
