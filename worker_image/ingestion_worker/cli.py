"""The command `ingest`: it hears SIGTERM from its first moment on, before the commands' libraries are imported.

The first process of a container is not ended by a signal that it does not handle: it would be killed at the end of
its grace period, and the kill would be counted against its index.
"""

from __future__ import annotations

import logging
import os
import signal
from types import FrameType
from typing import NoReturn

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.pod import SECRETS
from ingestion_worker import credentials
from ingestion_worker.text.hidden import hide

log = logging.getLogger(__name__)


def app() -> None:
    """Run the command line."""
    signal.signal(signal.SIGTERM, _leave)
    passed_over = credentials.take(os.environ)
    hide(os.environ[name] for name in SECRETS if name in os.environ)
    if passed_over:
        log.warning(
            "keys of the Secret of spec.output.credentialsSecretRef are passed over, since they are no credentials: %s",
            ", ".join(passed_over),
        )
    from ingestion_worker.commands import app as commands

    commands()


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    os._exit(ExitCode.STOPPED)


if __name__ == "__main__":
    app()
