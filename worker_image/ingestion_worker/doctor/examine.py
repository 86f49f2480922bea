"""All checks, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ingestion_worker.conclusion import StepError
from ingestion_worker.device import detect
from ingestion_worker.device.interface import ComputeDevice
from ingestion_worker.doctor import probes, verdicts
from ingestion_worker.doctor.finding import Finding
from ingestion_worker.doctor.host_memory import free_memory
from ingestion_worker.doctor.probes import CLIP_SECONDS
from ingestion_worker.media.audio import SAMPLE_RATE
from ingestion_worker.source.addresses import AddressRules


def examine(output: str | None, source: str | None, cookies: Path | None, rules: AddressRules) -> Iterator[Finding]:
    """Yield what each check finds, as soon as it does.

    Args:
        output: an fsspec URL to write to, or None.
        source: a URL to list, or None.
    """
    compute: ComputeDevice = "cpu"
    try:
        device = detect()
        compute = device.compute
        yield verdicts.gpu(probes.device_facts(device))
    except StepError as error:
        yield verdicts.gpu(str(error))
    yield verdicts.torch(probes.engine("torch"), compute)
    yield verdicts.speech(probes.engine("ctranslate2"), compute)
    yield verdicts.decoding(probes.decoded_samples(), CLIP_SECONDS * SAMPLE_RATE)
    yield verdicts.voice(probes.voice_error())
    yield verdicts.javascript(probes.runtimes(), probes.enabled_runtimes())
    yield verdicts.ytdlp(probes.ytdlp_version(), probes.today())
    yield verdicts.memory(free_memory())
    yield verdicts.scratch(*probes.scratch())
    yield verdicts.hub(probes.hub())
    if output is not None:
        yield verdicts.output(output, probes.output_error(output))
    if source is not None:
        yield verdicts.source(source, probes.listed(source, cookies, rules))
