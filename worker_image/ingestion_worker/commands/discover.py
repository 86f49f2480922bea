"""`ingest discover`."""

from __future__ import annotations

from pathlib import Path

from ingestion_contract import pod
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


def discover(
    output: Output,
    run: Run = Path(pod.RUN_FILE),
    allow_network: AllowNetworks = None,
    allow_folder: AllowFolders = None,
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
        from ingestion_worker.steps.discover import discover as step

        return step(
            read_named_run(run, verbose=verbose), Store(output), cookies(), address_rules(allow_network, allow_folder)
        )

    ending.conclude(body)
