"""The worker as it is: its own step `work`, in this process, on a list of local files, to a local output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp
from threading import Event

from benchmarks.worker.job import Job, Transcribe
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.records import Video
from ingestion_contract.spec import IngestionRun, parse_run
from ingestion_worker.device.none import NoDevice
from ingestion_worker.memory.limits_file import LimitsFile
from ingestion_worker.output import transcripts, video_list
from ingestion_worker.output.keys import transcript_key
from ingestion_worker.output.store import Store
from ingestion_worker.pipeline.setting import Setting
from ingestion_worker.source.addresses import AddressRules
from ingestion_worker.steps.work import work
from ingestion_worker.telemetry.metrics import Metrics

UID = "benchmark"


def start(job: Job) -> Transcribe:
    """Return the step; it loads its models at each call, as a worker does for each shard."""

    def transcribe(files: Sequence[str]) -> list[str]:
        folder = Path(mkdtemp(dir=job.scratch))
        store = Store(f"file://{folder}/output")
        videos = [Video(id=f"benchmark:{number}", url=Path(file).as_uri()) for number, file in enumerate(files)]
        video_list.write_once(store, UID, videos, [range(len(videos))])
        run = _run(job, [video.url for video in videos])
        code = work(run, store, 0, _setting(job, folder, files)).code
        if code is not ExitCode.DONE:
            raise RuntimeError(f"the worker ended with {code!r}")
        return [_text(store, run, video) for video in videos]

    return transcribe


def _run(job: Job, urls: list[str]) -> IngestionRun:
    return parse_run(
        {
            "metadata": {"name": "benchmark", "uid": UID},
            "spec": {
                "source": {"urls": urls[:1], "captions": "Ignore", "languages": ["en"]},
                "transcription": {
                    "computeType": job.compute_type,
                    "beamSize": 1,
                    "wordTimes": False,
                    "models": [{"languages": ["*"], "model": job.model}],
                },
                "embedding": {
                    "model": job.embedder,
                    "computeType": "float32",
                    "maxSequenceLength": 256,
                    "chunkTokens": 200,
                },
                "output": {"uri": "memory://unused", "index": {"type": "None"}},
            },
        }
    )


def _setting(job: Job, folder: Path, files: Sequence[str]) -> Setting:
    device, stop = NoDevice(), Event()
    return Setting(
        device=device,
        metrics=Metrics(device, stop),
        limits=LimitsFile(folder / "limits.json"),
        stop=stop,
        cookies=None,
        rules=AddressRules(folders=tuple({Path(file).parent for file in files})),
        scratch=folder,
        threads=job.threads,
        memory_wait_seconds=0.0,
    )


def _text(store: Store, run: IngestionRun, video: Video) -> str:
    transcript = transcripts.load(store, transcript_key(video, run.spec))
    if transcript is None:
        raise RuntimeError(f"the worker left no transcript of {video.url}")
    return " ".join(segment.text for segment in transcript.segments)
