"""The termination message of a container."""

from pathlib import Path

MESSAGE_BYTES = 4096
_LOG_BYTES = 2048
_LOG_LINES = 80


def termination_message(file: Path, log: Path, policy: str, failed: bool) -> str:
    """Return what the container wrote into its message file, else, if the policy says so and it failed, its log's end.

    The limits are a kubelet's: 4096 bytes of the file; 80 lines and 2048 bytes of the log.
    """
    message = file.read_bytes()[:MESSAGE_BYTES].decode(errors="replace") if file.exists() else ""
    if message or not failed or policy != "FallbackToLogsOnError":
        return message
    end = log.read_bytes()[-_LOG_BYTES:].decode(errors="replace")
    return "".join(end.splitlines(keepends=True)[-_LOG_LINES:])
