"""What a person sees of a run."""

import io
import time
from threading import Event

import pytest
from rich.console import Console

from ingestion_contract.metrics import OomKind, Result, Stage, WorkerState
from ingestion_contract.summary import FinishSummary
from ingestion_worker.device.none import NoDevice
from ingestion_worker.local import log_lines, metrics_page, words
from ingestion_worker.local.display import Lines, Quiet, Terminal, choose
from ingestion_worker.local.metrics_page import Page
from ingestion_worker.local.panel import panel
from ingestion_worker.local.progress import Meter, Progress
from ingestion_worker.local.summary import outcome, reached, to_go_on, unfinished
from ingestion_worker.local.tally import Tally
from ingestion_worker.telemetry.metrics import Metrics
from ingestion_worker.telemetry.server import serve

GIB = 2**30
WORKING = Page(
    state=WorkerState.WORKING,
    results={Result.SUCCEEDED: 3, Result.SKIPPED: 1},
    oom_events=2,
    audio_seconds=7200.0,
    batch=8,
    ceiling=16,
    used=18 * GIB,
    total=24 * GIB,
    waiting={Stage.ASR: 12},
    limiting=Stage.ASR,
)


def meter(**fields: object) -> Meter:
    base: dict[str, object] = {
        "name": "talks[red]",
        "device": "Simulated GPU",
        "simulated": True,
        "target_percent": 80,
        "total": 10,
        "audio_total": None,
        "began": 0.0,
        "at_start": Tally(),
    }
    return Meter(**(base | fields))  # type: ignore[arg-type]


def now() -> Progress:
    return meter().progress(Tally(succeeded=1), [WORKING, Page(state=WorkerState.WAITING_FOR_MEMORY)], 100.0)


def shown(what: object) -> str:
    console = Console(file=io.StringIO(), width=160, highlight=False)
    console.print(what)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_progress_adds_up_what_was_there_and_what_workers_say() -> None:
    progress = now()
    assert progress.tally == Tally(succeeded=4, skipped=1)
    assert progress.oom_events == 2
    assert progress.remaining == pytest.approx(100.0)


def test_workers_that_have_ended_keep_their_counts() -> None:
    one = meter()
    one.progress(Tally(), [WORKING], 10.0)
    one.ended(WORKING)
    after = one.progress(Tally(succeeded=3), [], 20.0)
    assert (after.oom_events, after.tally.succeeded) == (2, 3)
    assert after.audio_rate == 0.0


def test_throughput_is_audio_hours_per_hour() -> None:
    one = meter()
    one.progress(Tally(), [Page(audio_seconds=0)], 0.0)
    assert one.progress(Tally(), [Page(audio_seconds=900.0)], 30.0).audio_rate == 30.0


def test_a_line_and_the_panel_tell_the_same_and_call_a_simulated_gpu_so() -> None:
    line, drawn = words.line(now()), shown(panel(now()))
    for text in (line, drawn):
        assert "18.0" in text
        assert "75 %" in text
        assert "simulated" in text
        assert "waiting for memory" in text
    assert "5/10 videos" in line
    assert "speech limits" in line
    assert "5 of 10" in drawn
    assert "target 80 %" in drawn
    assert "talks[red]" in drawn


def test_without_a_device_there_is_no_memory_to_show() -> None:
    progress = meter(simulated=False).progress(Tally(), [Page(state=WorkerState.WORKING)], 1.0)
    assert "memory" not in words.line(progress)
    assert "memory" not in shown(panel(progress))


def test_a_worker_page_is_read_as_it_is_served() -> None:
    metrics = Metrics(NoDevice(), Event())
    metrics.set_state(WorkerState.WORKING)
    metrics.count_video(Result.SKIPPED, "Removed")
    metrics.count_oom(Stage.ASR, OomKind.BATCH)
    metrics.count_audio(12.5)
    metrics.floor.set(5)
    server = serve(metrics, "127.0.0.1", 0)
    page = metrics_page.read(server.server_port)
    server.shutdown()
    server.server_close()
    assert page is not None
    assert (page.state, page.results, page.oom_events) == (WorkerState.WORKING, {Result.SKIPPED: 1}, 1)
    assert (page.audio_seconds, page.floor) == (12.5, 5)
    assert metrics_page.read(server.server_port) is None


def test_what_a_worker_holds_itself_is_told_from_what_the_device_holds() -> None:
    page = metrics_page.parse('ingestion_memory_own_bytes 5\ningestion_device_memory_used_bytes{gpu_uuid="a"} 7\n')
    assert (page.own, page.used) == (5, 7)


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ("2026-03-14T09:26:53Z WARNING models released: x", "models released: x"),
        (
            "2026-03-14T09:26:53Z WARNING run=talks/lectures shard=3 the source blocks this address",
            "the source blocks this address",
        ),
        ("2026-03-14T09:26:53Z INFO video id=a result=skipped reason=Removed gone", None),
        ("2026-03-14T09:26:53Z INFO video id=a result=succeeded reason=- ", None),
        ("Traceback (most recent call last):", None),
    ],
)
def test_warnings_and_videos_that_are_not_made_are_events(line: str, event: str | None) -> None:
    expected = "video id=a result=skipped reason=Removed gone" if "skipped" in line else event
    assert log_lines.event(line) == expected


def test_a_terminal_gets_a_panel_others_get_lines_and_quiet_means_quiet() -> None:
    assert isinstance(choose(Console(force_terminal=True), quiet=False, verbose=False), Terminal)
    assert type(choose(Console(force_terminal=False), quiet=False, verbose=False)) is Lines
    assert type(choose(Console(force_terminal=True), quiet=True, verbose=False)) is Quiet


def test_lines_are_written_on_a_change_and_not_at_every_look(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(verbose=False)
    for _ in range(5):
        lines.progress(now())
    lines.event("a title\x1b[31m of a stranger")
    lines.log(0, "not asked for")
    written = capsys.readouterr().err.splitlines()
    assert len(written) == 2
    assert "\\x1b[31m" in written[1]


def test_a_terminal_shows_events_above_the_panel() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120, highlight=False)
    with Terminal(console, verbose=False) as terminal:
        terminal.step("listing the videos")
        terminal.progress(now())
        terminal.event("worker 1 is [b]released")
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "worker 1 is [b]released" in text
    assert time.strftime("%H:") in text


def test_the_end_tells_the_outcome_and_where_things_are() -> None:
    counts = FinishSummary(total=10, succeeded=8, failed=1, skipped=1, reasons={"Removed": 1, "Corrupt": 1})
    text = shown(outcome(counts, 90, "file:///data/my talks", "file:///data/my talks/report.html", searchable=True))
    assert "fewer than 90 %" in text
    assert "Corrupt" in text
    assert "/data/my talks/report.html" in text
    assert "ingest search \"words\" --output 'file:///data/my talks'" in text
    assert reached(counts, 88)
    assert not reached(counts, 89)
    assert reached(FinishSummary(total=1, succeeded=0, failed=0, skipped=1), 100)


def test_an_unfinished_run_says_what_is_there_and_how_to_go_on() -> None:
    text = unfinished(Tally(succeeded=4, failed=1), 10, "file:///data/out")
    assert "5 of 10 videos (4 succeeded), in /data/out" in text
    assert unfinished(Tally(), 0, "file:///data/out") == "No videos are listed yet."
    assert "ingest run --output 'my talks'" in to_go_on(["ingest", "run", "--output", "my talks"])


def test_the_whole_log_has_its_warnings_once(capsys: pytest.CaptureFixture[str]) -> None:
    warning = "2026-03-14T09:26:53Z WARNING models released: x"
    detail = "2026-03-14T09:26:53Z DEBUG a detail"
    for verbose in (False, True):
        lines = Lines(verbose)
        lines.log(0, warning)
        lines.log(0, detail)
        written = capsys.readouterr().err
        assert written.count("models released: x") == 1
        assert written.count("a detail") == verbose
