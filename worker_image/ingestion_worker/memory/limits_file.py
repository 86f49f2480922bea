"""The operator's limits, read again whenever the mounted file changes."""

from __future__ import annotations

import logging
from pathlib import Path

from pydantic import ValidationError

from ingestion_contract.limits import Limits

log = logging.getLogger(__name__)


class LimitsFile:
    """The limits in force: the last good content of a file that may be missing, half written, or replaced.

    A kubelet swaps the file by a symbolic link, so that its content is what counts, not its inode or its time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._content: str | None = None
        self._trouble = ""
        self._limits = Limits()

    @property
    def given(self) -> bool:
        """Whether there ever were limits, and so somebody who sets them."""
        return self._content is not None

    def current(self) -> Limits:
        """Return the limits in force now; an unreadable file leaves the last good ones, and is logged once."""
        try:
            content = self._path.read_text()
        except FileNotFoundError:
            return self._limits
        except (OSError, UnicodeDecodeError) as error:
            return self._keep(f"cannot be read: {error}")
        if content != self._content:
            try:
                self._limits = Limits.model_validate_json(content, by_alias=True, by_name=False)
            except ValidationError as error:
                return self._keep(f"is not valid: {error.errors(include_url=False)[0]['msg']}")
            self._content, self._trouble = content, ""
            log.info("limits revision=%d %s", self._limits.revision, self._limits.to_wire())
        return self._limits

    def _keep(self, trouble: str) -> Limits:
        if trouble != self._trouble:
            self._trouble = trouble
            log.warning("the limits file %s %s; revision %d stays", self._path, trouble, self._limits.revision)
        return self._limits
