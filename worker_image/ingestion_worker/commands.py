"""The commands of `ingest`."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from ingestion_contract import pod
from ingestion_contract.metrics import PORT
from ingestion_worker.ending import Ending
from ingestion_worker.logs import set_up_logs
from ingestion_worker.run_file import read_run
from ingestion_worker.step import Conclusion
from ingestion_worker.store import Store

log = logging.getLogger(__name__)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Turns videos into transcripts and vectors. A run has three steps: `discover` lists its videos and cuts them "
    "into shards, `work` ingests one shard (start as many as you like), `finish` counts what is there. Each may be "
    "killed and started again at any time: what is there is not done again.",
)

Run = Annotated[
    Path,
    typer.Option(help="The IngestionRun as JSON, with metadata.uid: `kubectl get ir NAME -o json` prints one."),
]
Output = Annotated[
    str, typer.Option(help="Root of the output, an fsspec URL: file:///data/out, s3://bucket/prefix, ...")
]
TerminationMessage = Annotated[
    Path, typer.Option(help="File for the summary, a JSON of at most 4 KiB; written only if it exists already.")
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log details, too.")]


@app.command()
def discover(
    output: Output,
    run: Run = Path(pod.RUN_FILE),
    termination_message: TerminationMessage = Path(pod.TERMINATION_MESSAGE_FILE),
    verbose: Verbose = False,
) -> None:
    """List the videos of a run and cut them into shards, once.

    Exit codes: 0 done; 1 the source or the output does not serve now; 64 no video, or a bad manifest; 75 the source
    blocks this address; 143 asked to stop.
    """
    set_up_logs(verbose)
    ending = Ending(termination_message)
    ending.stop_at_once_on_sigterm()

    def body() -> Conclusion:
        from ingestion_worker.discover import discover as step

        return step(read_run(run), Store(output), _cookies())

    ending.conclude(body)


@app.command()
def work(
    output: Output,
    shard: Annotated[int, typer.Option(envvar=pod.COMPLETION_INDEX, min=0, help="Which shard, counted from 0.")],
    run: Run = Path(pod.RUN_FILE),
    limits: Annotated[
        Path, typer.Option(help="Limits that the operator sets, read again as they change; may be missing.")
    ] = Path(pod.LIMITS_FILE),
    address: Annotated[str, typer.Option(envvar=pod.POD_IP, help="Where to serve /metrics and /ready.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of /metrics and /ready; 0 is any free one.")] = PORT,
    memory_wait_seconds: Annotated[
        float, typer.Option(min=0, help="How long to wait for room in the device's memory before exit code 85.")
    ] = 600.0,
    cpu_threads: Annotated[
        int | None,
        typer.Option(min=1, help="CPU threads of the models' libraries. Default: 1 beside a GPU, else all cores."),
    ] = None,
    termination_message: TerminationMessage = Path(pod.TERMINATION_MESSAGE_FILE),
    verbose: Verbose = False,
) -> None:
    """Ingest the videos of one shard that are not there yet.

    Exit codes: 0 every video has a recorded outcome; 1 the output, the models' hub or this pod's disk do not serve now;
    64 the configuration cannot work; 69 this node's GPU or image is unusable; 75 the source blocks this address; 85 no
    room in device memory; 86 the device failed and stays failed; 143 asked to stop.
    """
    set_up_logs(verbose)
    ending = Ending(termination_message)
    stop = Event()
    ending.stop_in_time_on_sigterm(stop)

    def body() -> Conclusion:
        from ingestion_worker.device import detect
        from ingestion_worker.limits_file import LimitsFile
        from ingestion_worker.metrics import Metrics
        from ingestion_worker.server import serve
        from ingestion_worker.work import Setting
        from ingestion_worker.work import work as step

        manifest = read_run(run)
        device = detect()
        metrics = Metrics(device, stop)
        server = serve(metrics, address, port)
        log.info("serving http://%s:%d/metrics", address, server.server_port)
        setting = Setting(
            device=device,
            metrics=metrics,
            limits=LimitsFile(limits),
            stop=stop,
            cookies=_cookies(),
            scratch=Path(tempfile.gettempdir()),
            threads=cpu_threads or _threads(device.uuid != ""),
            memory_wait_seconds=memory_wait_seconds,
        )
        return step(manifest, Store(output), shard, setting)

    ending.conclude(body)


@app.command()
def finish(
    output: Output,
    run: Run = Path(pod.RUN_FILE),
    termination_message: TerminationMessage = Path(pod.TERMINATION_MESSAGE_FILE),
    verbose: Verbose = False,
) -> None:
    """Count what the output holds, video by video, and write the result.

    Exit codes: 0 counted; 1 the output does not serve now; 64 there is no list of videos, or a bad manifest; 143 asked
    to stop.
    """
    set_up_logs(verbose)
    ending = Ending(termination_message)
    ending.stop_at_once_on_sigterm()

    def body() -> Conclusion:
        from ingestion_worker.finish import finish as step

        return step(read_run(run), Store(output))

    ending.conclude(body)


def _cookies() -> Path | None:
    cookies = Path(pod.COOKIES_FILE)
    return cookies if cookies.exists() else None


def _threads(beside_gpu: bool) -> int:
    return 1 if beside_gpu else len(os.sched_getaffinity(0))
