"""What holds for every snapshot."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from ingestion_contract.metrics import Stage, WorkerState
from ingestion_contract.spec import IngestionRun
from ingestion_contract.status import MemoryStatus
from ingestion_operator.decision.decide import decide
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.snapshot import Rate, Snapshot
from ingestion_operator.observe.worker_sample import WorkerSample
from tests.operator.kit import GIB, NOW, ago, ended_pod, make_job, make_run, make_sample, make_snapshot, make_status

SECONDS = st.integers(0, 2000)
SAMPLES = st.builds(
    make_sample,
    state=st.sampled_from(WorkerState),
    floor=st.none() | st.integers(1, 60 * GIB),
    gib=st.sampled_from([8, 16, 24, 40, 80]),
    gpu=st.sampled_from(["GPU-a", "GPU-b", None]),
    at=SECONDS.map(lambda seconds: ago(seconds / 50)),
    oom_events=st.integers(0, 5),
    limits_revision=st.none() | st.integers(0, 3),
    utilisation=st.none() | st.floats(0, 1),
    batch_size=st.none() | st.integers(1, 64),
    batch_ceiling=st.none() | st.integers(1, 64),
    batch_overhead=st.none() | st.floats(0.1, 64),
    window_bytes=st.none() | st.integers(1, GIB),
    windows_waiting=st.none() | st.integers(0, 50),
    limiting=st.none() | st.sampled_from(Stage),
)
RATES = st.builds(
    Rate,
    audio_seconds_per_hour=st.integers(0, 10_000_000),
    utilisation=st.none() | st.floats(0, 1),
    seconds=st.floats(1, 600),
    duty=st.floats(0, 1),
)

ANY_SAMPLES: st.SearchStrategy[WorkerSample | None] = SAMPLES | st.none()
STALE_SAMPLES: st.SearchStrategy[WorkerSample | None] = SAMPLES.map(lambda sample: replace(sample, at=ago(20)))


@st.composite
def runs(draw: st.DrawFn) -> IngestionRun:
    low, initial, high = sorted(draw(st.lists(st.integers(1, 12), min_size=3, max_size=3)))
    return make_run({"min": low, "initial": initial, "max": high})


@st.composite
def snapshots(draw: st.DrawFn, samples: st.SearchStrategy[WorkerSample | None] = ANY_SAMPLES) -> Snapshot:
    run = draw(runs())
    bounds = run.spec.workers.parallelism
    wanted = draw(st.integers(bounds.min, bounds.max))
    ceiling = draw(st.none() | st.integers(1, 12))
    status = make_status(
        wanted,
        changed_at=ago(draw(SECONDS)),
        ceiling=ceiling,
        ceiling_expires_at=ago(draw(st.integers(-600, 600))) if ceiling else None,
        limits_revision=draw(st.integers(0, 3)),
        limits_changed_at=draw(st.none() | SECONDS.map(ago)),
    )
    exits = draw(st.lists(st.sampled_from([0, 1, 85, 137, 143]), max_size=3))
    return make_snapshot(
        draw(st.lists(samples, max_size=10)),
        run=run,
        status=status,
        memory=MemoryStatus(floor_bytes=draw(st.none() | st.integers(1, 60 * GIB))),
        others=[ended_pod(20 + number, code, seconds_ago=draw(SECONDS)) for number, code in enumerate(exits)],
        jobs=[make_job(succeeded=draw(st.integers(0, 20)))],
        neighbours=draw(st.dictionaries(st.sampled_from(["GPU-a", "GPU-b"]), st.integers(0, 60 * GIB))),
        quiet_since=ago(draw(SECONDS)),
        rate=draw(st.none() | RATES),
    )


@given(snapshots())
def test_parallelism_stays_within_its_bounds(snapshot: Snapshot) -> None:
    bounds = snapshot.run.spec.workers.parallelism
    assert bounds.min <= decide(snapshot, NOW).parallelism <= bounds.max


@given(snapshots())
def test_the_same_snapshot_gives_the_same_decision(snapshot: Snapshot) -> None:
    assert decide(snapshot, NOW) == decide(snapshot, NOW)


@given(snapshots())
def test_no_change_without_a_reason(snapshot: Snapshot) -> None:
    decision = decide(snapshot, NOW)
    assert snapshot.status.workers is not None
    assert (decision.parallelism == snapshot.status.workers.parallelism) == (decision.change is None)
    if decision.change is not None:
        assert decision.change.reason
        assert decision.change.message


@given(snapshots(samples=STALE_SAMPLES | st.none()))
def test_never_up_on_stale_telemetry(snapshot: Snapshot) -> None:
    assert snapshot.status.workers is not None
    assert decide(snapshot, NOW).parallelism <= snapshot.status.workers.parallelism


@given(snapshots())
def test_memory_trouble_never_raises(snapshot: Snapshot) -> None:
    waits = any(
        sample.waits_for_memory and sample.at >= NOW - timedelta(seconds=15) for sample in snapshot.samples.values()
    )
    recent_oom = snapshot.status.model_copy(update={"memory": MemoryStatus(last_oom_at=ago(10))})
    assert snapshot.status.workers is not None
    wanted = snapshot.status.workers.parallelism
    if waits:
        assert decide(snapshot, NOW).parallelism <= wanted
    after_oom = replace(snapshot, status=recent_oom)
    assert decide(after_oom, NOW).parallelism <= wanted


@given(snapshots())
def test_never_above_a_ceiling_that_holds(snapshot: Snapshot) -> None:
    workers = snapshot.status.workers
    assert workers is not None
    if workers.ceiling is None or workers.ceiling_expires_at is None or workers.ceiling_expires_at <= NOW:
        return
    assert decide(snapshot, NOW).parallelism <= max(workers.parallelism, workers.ceiling)


@given(snapshots(samples=SAMPLES.map(lambda sample: replace(sample, gpu_uuid="GPU-a", device_total=40 * GIB))))
def test_a_budget_is_never_below_the_floor_unless_a_worker_is_alone_under_the_target(snapshot: Snapshot) -> None:
    limits = decide(snapshot, NOW).limits
    floor = Situation(snapshot, NOW).floor
    if limits.budget_bytes is not None and floor is not None:
        alone = limits.budget_bytes == 40 * GIB * 80 // 100
        assert alone or limits.budget_bytes >= floor


@given(snapshots(), st.data())
def test_more_evidence_of_want_never_gives_more_workers(snapshot: Snapshot, data: st.DataObject) -> None:
    heard = [uid for uid, sample in snapshot.samples.items() if sample.at >= ago(15)]
    assume(heard)
    uid = data.draw(st.sampled_from(heard))
    wanting = replace(snapshot.samples[uid], state=WorkerState.WAITING_FOR_MEMORY)
    short = replace(snapshot, samples={**snapshot.samples, uid: wanting})
    assert decide(short, NOW).parallelism <= decide(snapshot, NOW).parallelism


@given(snapshots(), st.integers(0, 60 * GIB))
def test_more_that_others_hold_never_gives_more_workers(snapshot: Snapshot, more: int) -> None:
    fuller = {uuid: snapshot.neighbours.get(uuid, 0) + more for uuid in ("GPU-a", "GPU-b")}
    assert decide(replace(snapshot, neighbours=fuller), NOW).parallelism <= decide(snapshot, NOW).parallelism


@given(snapshots())
def test_a_restart_changes_no_way_down_and_allows_none_up(snapshot: Snapshot) -> None:
    """What the process kept in memory is gone: the quiet time and the pace; what is in the status is not."""
    restarted = decide(replace(snapshot, quiet_since=NOW, rate=None), NOW)
    before = decide(snapshot, NOW)
    assert snapshot.status.workers is not None
    wanted = snapshot.status.workers.parallelism
    if before.parallelism < wanted and before.change is not None and before.change.ceiling:
        assert restarted.parallelism == before.parallelism
    assert restarted.parallelism <= wanted or restarted.change is None or restarted.change.reason == "BoundsChanged"


@given(snapshots())
def test_a_second_look_at_the_same_moment_moves_nothing_more(snapshot: Snapshot) -> None:
    """What was decided is in the status, and the same is seen again."""
    first = decide(snapshot, NOW)
    workers = snapshot.status.workers
    assert workers is not None
    if first.change is None:
        return
    update: dict[str, object] = {"parallelism": first.parallelism, "changed_at": NOW}
    if first.ceiling is not None:
        update |= {"ceiling": first.ceiling.value, "ceiling_expires_at": first.ceiling.expires_at}
    status = snapshot.status.model_copy(update={"workers": workers.model_copy(update=update)})
    assert decide(replace(snapshot, status=status), NOW).change is None
