"""`ingest work`."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
from pathlib import Path
from threading import Event, Thread
from typing import Annotated

import typer

from ingestion_contract import pod
from ingestion_contract.metrics import PORT
from ingestion_worker.commands.named_run import read_named_run
from ingestion_worker.commands.options import (
    AllowFolders,
    AllowNetworks,
    Output,
    Run,
    TerminationMessage,
    Verbose,
    address_rules,
    cookies,
)
from ingestion_worker.conclusion import Conclusion
from ingestion_worker.output.store import Store
from ingestion_worker.steps.ending import Ending
from ingestion_worker.telemetry.logs import set_up_logs

log = logging.getLogger(__name__)


def work(
    output: Output,
    shard: Annotated[int, typer.Option(envvar=pod.COMPLETION_INDEX, min=0, help="Which shard, counted from 0.")],
    run: Run = Path(pod.RUN_FILE),
    allow_network: AllowNetworks = None,
    allow_folder: AllowFolders = None,
    limits: Annotated[
        Path, typer.Option(help="Limits that the operator sets, read again as they change; may be missing.")
    ] = Path(pod.LIMITS_FILE),
    address: Annotated[str, typer.Option(envvar=pod.POD_IP, help="Where to serve /metrics and /ready.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of /metrics and /ready; 0 is any free one.")] = PORT,
    port_file: Annotated[Path | None, typer.Option(help="Write the port here once it is served.")] = None,
    until_stdin_closes: Annotated[
        bool, typer.Option("--until-stdin-closes", help="Stop when standard input ends: when whoever holds it does.")
    ] = False,
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
    set_up_logs(verbose, shard=shard)
    ending = Ending(termination_message)
    stop = Event()
    ending.stop_in_time_on_sigterm(stop)
    if until_stdin_closes:
        Thread(target=_stop_with_stdin, name="stdin", daemon=True).start()

    def body() -> Conclusion:
        from ingestion_worker.device import detect
        from ingestion_worker.memory.limits_file import LimitsFile
        from ingestion_worker.pipeline.setting import Setting
        from ingestion_worker.steps.work import work as step
        from ingestion_worker.telemetry.metrics import Metrics
        from ingestion_worker.telemetry.server import serve

        manifest = read_named_run(run, verbose=verbose, shard=shard)
        device = detect()
        metrics = Metrics(device, stop)
        server = serve(metrics, address, port)
        if port_file is not None:
            _write_at_once(port_file, f"{server.server_port}\n")
        log.info("serving http://%s:%d/metrics", address, server.server_port)
        setting = Setting(
            device=device,
            metrics=metrics,
            limits=LimitsFile(limits),
            stop=stop,
            cookies=cookies(),
            rules=address_rules(allow_network, allow_folder),
            scratch=Path(tempfile.gettempdir()),
            threads=cpu_threads or _threads(device.uuid != ""),
            memory_wait_seconds=memory_wait_seconds,
        )
        return step(manifest, Store(output), shard, setting)

    ending.conclude(body)


def _stop_with_stdin() -> None:
    """However the process that started this one ends, its end of the pipe is closed."""
    while os.read(0, 4096):
        continue
    os.kill(os.getpid(), signal.SIGTERM)


def _write_at_once(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(text)
    partial.replace(path)


def _threads(beside_gpu: bool) -> int:
    return 1 if beside_gpu else len(os.sched_getaffinity(0))
