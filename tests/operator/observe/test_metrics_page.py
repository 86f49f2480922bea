import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract import metrics
from ingestion_contract.metrics import Result, Stage, WorkerState
from ingestion_operator.observe.metrics_page import MAX_OVERHEAD, MAX_REASONS, parse_page
from tests.operator.kit import GIB, NOW

PAGE = """\
# HELP ingestion_videos_total Videos with a recorded outcome.
# TYPE ingestion_videos_total counter
ingestion_videos_total{result="succeeded",reason=""} 7.0
ingestion_videos_total{result="skipped",reason="Gone"} 1.0
ingestion_oom_events_total{kind="load",stage="asr"} 1.0
ingestion_oom_events_total{kind="load",stage="embed"} 2.0
ingestion_audio_seconds_total 61.5
ingestion_stage_duration_seconds_bucket{stage="asr",le="0.1"} 3.0
ingestion_worker_state{state="working"} 0.0
ingestion_worker_state{state="waiting_for_memory"} 1.0
ingestion_memory_own_bytes 1.0e+09
ingestion_memory_floor_bytes 9.234179686e+09
ingestion_device_memory_used_bytes{gpu_uuid="GPU-1a2b"} 2.147483648e+10
ingestion_device_memory_total_bytes{gpu_uuid="GPU-1a2b"} 2.5769803776e+10
ingestion_limits_revision 3.0
ingestion_memory_window_bytes 2.14748364e+08
ingestion_batch_size 5.0
ingestion_batch_overhead_windows 4.75
ingestion_gpu_utilisation_ratio{gpu_uuid="GPU-1a2b"} 0.875
ingestion_windows_waiting 40.0
ingestion_limiting_stage{stage="fetch"} 0.0
ingestion_limiting_stage{stage="asr"} 1.0
python_info{version="3.11"} 1.0
"""


def test_a_page_says_how_its_worker_is() -> None:
    sample = parse_page(PAGE, NOW)
    assert sample is not None
    assert sample.state is WorkerState.WAITING_FOR_MEMORY
    assert (sample.gpu_uuid, sample.device_used, sample.device_total) == ("GPU-1a2b", 20 * GIB, 24 * GIB)
    assert (sample.own, sample.floor, sample.oom_events, sample.audio_seconds) == (10**9, 9_234_179_686, 3, 61)
    assert sample.results == {(Result.SUCCEEDED, ""): 7, (Result.SKIPPED, "Gone"): 1}
    assert sample.limits_revision == 3
    assert (sample.window_bytes, sample.batch_size, sample.batch_overhead) == (GIB // 5, 5, 4.75)
    assert (sample.utilisation, sample.windows_waiting, sample.limiting) == (0.875, 40, Stage.ASR)


def test_a_floor_of_zero_has_not_been_measured() -> None:
    sample = parse_page("ingestion_memory_floor_bytes 0\n", NOW)
    assert sample is not None
    assert sample.floor is None


@pytest.mark.parametrize("page", ["", "hello", "<html></html>", "ingestion_limits_revision", "up 1\n"])
def test_what_is_no_page_of_a_worker_says_nothing(page: str) -> None:
    assert parse_page(page, NOW) is None


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-1", "1e300"])
def test_numbers_that_cannot_be_are_left_out(value: str) -> None:
    sample = parse_page(f"ingestion_memory_own_bytes {value}\ningestion_limits_revision 2\n", NOW)
    assert sample is not None
    assert (sample.own, sample.limits_revision) == (None, 2)


def test_reasons_are_words_and_not_too_many() -> None:
    lines = [f'ingestion_videos_total{{result="skipped",reason="R{number}"}} 1' for number in range(100)]
    lines.append('ingestion_videos_total{result="skipped",reason="a sentence; with { braces"} 1')
    sample = parse_page("\n".join(lines), NOW)
    assert sample is not None
    assert len(sample.results) == MAX_REASONS


NAMES = st.sampled_from([name for name in vars(metrics).values() if isinstance(name, str) and "ingestion_" in name])
LABELS = st.dictionaries(st.sampled_from(["gpu_uuid", "state", "result", "reason", "x"]), st.text(max_size=20))
VALUES = st.floats().map(str) | st.text(max_size=10)


@st.composite
def odd_pages(draw: st.DrawFn) -> str:
    lines = []
    for _ in range(draw(st.integers(0, 12))):
        labels = ",".join(f'{key}="{value}"' for key, value in draw(LABELS).items())
        lines.append(f"{draw(NAMES)}{{{labels}}} {draw(VALUES)}{draw(st.sampled_from(['', ' 12', ' #', '{']))}")
    return "\n".join(lines)


@given(odd_pages() | st.text())
def test_no_page_however_odd_raises_or_gives_a_negative_number(page: str) -> None:
    sample = parse_page(page, NOW)
    if sample is not None:
        numbers = (sample.own, sample.floor, sample.device_used, sample.device_total, sample.limits_revision)
        assert all(number is None or number >= 0 for number in numbers)
        assert sample.oom_events >= 0
        assert sample.utilisation is None or 0 <= sample.utilisation <= 1
        assert sample.batch_overhead is None or 0 < sample.batch_overhead <= MAX_OVERHEAD
        assert all(count >= 0 for count in sample.results.values())
