"""Each check of the doctor: what is ok, and what to do where it is not."""

from datetime import date

import pytest

from ingestion_worker.doctor import verdicts
from ingestion_worker.doctor.facts import DeviceFacts, EngineFacts, HubFacts, RuntimeFacts
from ingestion_worker.doctor.finding import Finding, Level, serves

GIB = 2**30
CARD = DeviceFacts("NVIDIA H100", simulated=False, total=80 * GIB, used=GIB, driver="570.86")
FULL = DeviceFacts("NVIDIA H100", simulated=False, total=80 * GIB, used=40 * GIB, driver="570.86")
SIMULATED = DeviceFacts("Simulated GPU", simulated=True, total=24 * GIB, used=0, driver="")
CPU = DeviceFacts("CPU", simulated=False, total=0, used=0, driver="")
DENO, OLD_DENO = RuntimeFacts("deno", "2.5.0", True), RuntimeFacts("deno", "1.0.0", False)
NODE = RuntimeFacts("node", "22.1.0", True)


@pytest.mark.parametrize(
    ("finding", "level", "says"),
    [
        (verdicts.gpu(CARD), "ok", "NVIDIA H100, 80.0 GiB, driver 570.86"),
        (verdicts.gpu(SIMULATED), "ok", "simulated, not real: Simulated GPU"),
        (verdicts.gpu(CPU), "warning", "install its driver"),
        (verdicts.gpu(CPU), "warning", "where this is a container"),
        (verdicts.gpu(FULL), "warning", "others hold 40.0 GiB"),
        (verdicts.gpu("the driver does not answer"), "problem", "`nvidia-smi` must work first"),
        (verdicts.torch(EngineFacts("2.8", "cuda"), "cuda"), "ok", "multiplies on cuda"),
        (verdicts.torch(EngineFacts("2.8", "cpu"), "cpu"), "ok", "multiplies on cpu"),
        (verdicts.torch(EngineFacts("2.8", "cpu"), "cuda"), "problem", "does not see the GPU"),
        (verdicts.torch("ImportError: x", "cpu"), "problem", "install torch anew"),
        (verdicts.speech(EngineFacts("4.6", "cuda"), "cuda"), "ok", "encodes 30 s of audio on cuda"),
        (verdicts.speech(EngineFacts("4.6", "cuda"), "cpu"), "ok", "encodes"),
        (verdicts.speech(EngineFacts("4.6", "cpu"), "cuda"), "problem", "CUDA_VISIBLE_DEVICES"),
        (verdicts.speech("RuntimeError: Library libcublas.so.12 is not found", "cuda"), "problem", "LD_LIBRARY_PATH"),
        (verdicts.speech("RuntimeError: Library libcublas.so.12 is not found", "cuda"), "problem", "extra `gpu`"),
        (verdicts.speech("exit code -6", "cpu"), "problem", "exit code -6"),
        (verdicts.decoding(32_000, 32_000), "ok", "no ffmpeg program is needed"),
        (verdicts.decoding(1_000, 32_000), "problem", "1000 samples of 32000"),
        (verdicts.decoding("it is corrupt", 32_000), "problem", "install av anew"),
        (verdicts.voice(None), "ok", "Silero"),
        (verdicts.voice("no such file"), "problem", "install it anew"),
        (verdicts.javascript([DENO], ["deno"]), "ok", "deno 2.5.0"),
        (verdicts.javascript([OLD_DENO], ["deno"]), "warning", "too old"),
        (verdicts.javascript([NODE], ["deno"]), "warning", "install deno"),
        (verdicts.javascript([OLD_DENO, NODE], ["deno", "node"]), "ok", "node 22.1.0"),
        (verdicts.ytdlp("2026.03.01", date(2026, 3, 14)), "ok", "13 days old"),
        (verdicts.ytdlp("2025.03.01", date(2026, 3, 14)), "warning", "pip install -U"),
        (verdicts.ytdlp("nightly", date(2026, 3, 14)), "warning", "does not tell its age"),
        (verdicts.memory(16 * GIB), "ok", "16.0 GiB are free"),
        (verdicts.memory(GIB), "warning", "fewer workers"),
        (verdicts.scratch("/tmp", 50 * GIB), "ok", "50.0 GiB"),
        (verdicts.scratch("/tmp", 5 * GIB), "warning", "TMPDIR"),
        (verdicts.scratch("/tmp", 0), "problem", "TMPDIR"),
        (verdicts.output("file:///x", None), "ok", "gives it back"),
        (verdicts.output("file:///x", "the output refuses"), "problem", "the output refuses"),
        (verdicts.hub(HubFacts("https://hub", "/cache", True, None)), "ok", "/cache (HF_HOME)"),
        (verdicts.hub(HubFacts("https://hub", "/cache", False, None)), "warning", "mount a volume there"),
        (verdicts.hub(HubFacts("https://hub", "/cache", True, "timed out")), "warning", "/cache (HF_HOME)"),
        (verdicts.source("https://x", 1), "ok", "lists videos"),
        (verdicts.source("https://x", "the source blocks this address"), "problem", "blocks this address"),
    ],
)
def test_a_check(finding: Finding, level: str, says: str) -> None:
    assert finding.level == level
    assert says in finding.says


def test_warnings_serve_and_problems_do_not() -> None:
    fine, meagre = Finding("a", Level.OK, ""), Finding("b", Level.WARNING, "")
    assert serves([fine, meagre])
    assert not serves([fine, Finding("c", Level.PROBLEM, "")])
