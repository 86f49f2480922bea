"""Pages and last words of workers that lie: real ones with something changed, and ones made to cost or to break."""

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract import metrics
from ingestion_contract.metrics import Stage
from ingestion_contract.status import IngestionRunStatus
from ingestion_contract.summary import MAX_BYTES, MemoryReport, ShardSummary, decode_summary, encode_summary
from ingestion_operator.decision.decide import decide
from ingestion_operator.observe.metrics_page import MAX_LINE, MAX_REASONS, MAX_SAMPLES, parse_page
from ingestion_operator.observe.scrape import HttpScraper
from ingestion_operator.observe.tally import update_tallies
from ingestion_operator.observe.worker_sample import WorkerSample
from ingestion_operator.status.report import next_status
from tests.operator.kit import NOW, ended_pod, make_pod, make_snapshot
from tests.operator.observe.test_metrics_page import PAGE
from tests.operator.observe.test_scrape import Handler, good, worker

LINES = PAGE.splitlines()
LARGE = bytes(10 * 2**20)
PACKED = gzip.compress(LARGE)
ODD = st.sampled_from(
    ["NaN", "+Inf", "-Inf", "-1", "1e308", "1e400", "0x10", "1_0", "", "1 1 1", "\u0661", "\x00", "'"]
)
LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r", "\x0b", "\u2028", "\x00"])
SUMMARY = encode_summary(
    ShardSummary(
        shard=1,
        total=25,
        succeeded=20,
        failed=3,
        skipped=2,
        memory=MemoryReport(gpu_uuid="GPU-a", stage=Stage.ASR, total_bytes=9, used_bytes=8, own_bytes=7),
    )
)


@st.composite
def changed_pages(draw: st.DrawFn) -> str:
    """A worker's page of which lines were repeated, cut, swapped, given other values, or strewn with characters."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(lines) - 1))
        name, _, value = lines[at].rpartition(" ")
        cut = draw(st.integers(0, len(lines[at])))
        lines[at] = draw(
            st.sampled_from(
                [
                    f"{name} {draw(ODD)}",
                    lines[at][:cut],
                    lines[at][:cut] + draw(st.text(max_size=5)) + lines[at][cut:],
                    lines[at][:cut] + draw(st.sampled_from('{}",=\\#')) + lines[at][cut:],
                    f"{name}\n{name} {value}",
                ]
            )
        )
        lines += [lines[at]] * draw(st.sampled_from([0, 1, 40]))
    return draw(LINE_ENDS).join(lines)


@st.composite
def changed_summaries(draw: st.DrawFn) -> str:
    """A worker's last words with fields of other values, or cut, or strewn with characters."""
    data = json.loads(SUMMARY)
    odd: st.SearchStrategy[Any] = st.sampled_from(
        [None, -1, 2**63, 1e308, 0.5, "1", [], {}, True, "\x00", "\u202e" * 99, float("inf")]
    )
    for key in draw(st.lists(st.sampled_from(sorted(data)), max_size=3)):
        data[key] = draw(odd)
    text = json.dumps(data, ensure_ascii=draw(st.booleans()))
    cut = draw(st.integers(0, len(text)))
    return draw(st.sampled_from([text, text[:cut], text[:cut] + draw(st.text(max_size=5)) + text[cut:], text * 2]))


def status_after(sample: WorkerSample | None, words: str) -> IngestionRunStatus:
    """The status of a run with one such worker, and one that has ended with these words."""
    snapshot = make_snapshot([sample], others=[ended_pod(5, 137, decode_summary(words))])
    snapshot = replace(snapshot, tallies=update_tallies({}, snapshot.pods, snapshot.samples))
    return next_status(snapshot, decide(snapshot, NOW), None, NOW)


def check(status: IngestionRunStatus) -> None:
    wire = json.dumps(status.to_wire(), allow_nan=False)
    assert len(wire) < 100_000
    assert IngestionRunStatus.from_wire(json.loads(wire)) == status


@given(changed_pages(), changed_summaries())
def test_whatever_a_worker_says_a_decision_is_taken_and_the_status_can_be_written(page: str, words: str) -> None:
    check(status_after(parse_page(page, NOW), words))


@given(st.binary(max_size=2000), st.binary(max_size=2000))
def test_bytes_that_are_no_text_are_taken_as_badly(page: bytes, words: bytes) -> None:
    check(status_after(parse_page(page.decode(errors="replace"), NOW), words.decode(errors="replace")))


def counted(labels: str, value: str = "1") -> str:
    return f"{metrics.VIDEOS}{{{labels}}} {value}"


BOMBS = {
    "thousands of devices": "\n".join(
        f'{metrics.DEVICE_MEMORY_TOTAL}{{gpu_uuid="GPU-{number}"}} 9e9' for number in range(5000)
    ),
    "a label without an end": counted('result="' + "\\" * 250_000),
    "quotes and quotes": counted('result="' + '\\"' * 125_000 + '"'),
    "thousands of labels": counted(",".join(f'a{number}="b"' for number in range(20_000))),
    "the same label": counted(",".join(['result="failed"'] * 10_000)),
    "thousands of reasons": "\n".join(counted(f'result="failed",reason="R{number}"') for number in range(5000)),
    "a long reason": counted(f'result="failed",reason="{"R" * 400}"'),
    "a number without an end": f"{metrics.OWN_MEMORY} {'9' * 250_000}",
    "counters that go over": "\n".join([f"{metrics.AUDIO_SECONDS} 2e14"] * 5000),
    "braces": metrics.VIDEOS + "{" * 250_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_page_that_is_made_to_cost_is_cut(name: str) -> None:
    sample = parse_page(BOMBS[name] + "\n" + PAGE, NOW)
    assert sample is None or len(sample.results) <= MAX_REASONS
    check(status_after(sample, SUMMARY))


def test_a_line_that_no_worker_writes_is_passed_over_and_the_rest_is_read() -> None:
    assert max(map(len, LINES)) < MAX_LINE / 2
    sample = parse_page(counted('result="failed",reason="' + "R" * MAX_LINE + '"') + "\n" + PAGE, NOW)
    assert sample == parse_page(PAGE, NOW)


def test_samples_after_the_first_thousand_are_not_read() -> None:
    page = "\n".join([f"{metrics.OOM_EVENTS} 1"] * (MAX_SAMPLES + 500))
    sample = parse_page(page, NOW)
    assert sample is not None
    assert sample.oom_events == MAX_SAMPLES


@pytest.mark.parametrize("words", ["", "\x00", "[" * MAX_BYTES, "{" * 4000, '{"kind":' * 500, "9" * 4000, SUMMARY * 30])
def test_last_words_that_are_no_summary_say_nothing(words: str) -> None:
    assert decode_summary(words) is None


async def ten_megabytes(_: web.Request) -> web.StreamResponse:
    return web.Response(body=LARGE)


async def a_drop_at_a_time(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"#")
        await asyncio.sleep(0.05)


async def packed(_: web.Request) -> web.StreamResponse:
    return web.Response(body=PACKED, headers={"Content-Encoding": "gzip"})


async def cut_off(_: web.Request) -> web.StreamResponse:
    raise ConnectionResetError


@pytest.mark.parametrize("bad", [ten_megabytes, a_drop_at_a_time, packed, cut_off])
async def test_an_answer_without_an_end_is_left_after_its_time_or_size(bad: Handler) -> None:
    scraper = HttpScraper(lambda: NOW)
    async with worker(good) as address, worker(bad) as other:
        samples = await scraper.scrape([make_pod(0, ip=address), make_pod(1, ip=other)])
    await scraper.close()
    assert set(samples) == {"work-pod-0"}


@pytest.mark.parametrize("kind", ["image/png", "text/html; charset=utf-7", "text/plain; charset=none-such", "\u00e9"])
async def test_what_an_answer_says_it_is_does_not_matter(kind: str) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=PAGE.encode(), headers={"Content-Type": kind})

    scraper = HttpScraper(lambda: NOW)
    async with worker(answer) as address:
        samples = await scraper.scrape([make_pod(0, ip=address)])
    await scraper.close()
    assert samples == {"work-pod-0": parse_page(PAGE, NOW)}
