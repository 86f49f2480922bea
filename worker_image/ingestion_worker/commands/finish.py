"""`ingest finish`."""

from __future__ import annotations

from pathlib import Path

from ingestion_contract import pod
from ingestion_worker.commands.named_run import read_named_run
from ingestion_worker.commands.options import Output, Run, TerminationMessage, Verbose
from ingestion_worker.conclusion import Conclusion
from ingestion_worker.output.store import Store
from ingestion_worker.steps.ending import Ending
from ingestion_worker.telemetry.logs import set_up_logs


def finish(
    output: Output,
    run: Run = Path(pod.RUN_FILE),
    termination_message: TerminationMessage = Path(pod.TERMINATION_MESSAGE_FILE),
    verbose: Verbose = False,
) -> None:
    """Count what the output holds, video by video, write the result, and make it searchable.

    Exit codes: 0 counted; 1 the output or the index does not serve now; 64 there is no list of videos, or a bad
    manifest; 143 asked to stop.
    """
    set_up_logs(verbose)
    ending = Ending(termination_message)
    ending.stop_at_once_on_sigterm()

    def body() -> Conclusion:
        from ingestion_worker.steps.finish import finish as step

        return step(read_named_run(run, verbose=verbose), Store(output))

    ending.conclude(body)
