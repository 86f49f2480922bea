"""The log of one run: each line names it, in words and as fields."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any


class RunLog(logging.LoggerAdapter[logging.Logger]):
    """A logger whose lines begin with the run and carry it as the fields `namespace` and `run`."""

    def __init__(self, logger: logging.Logger, namespace: str, name: str) -> None:
        super().__init__(logger, {"namespace": namespace, "run": name})
        self._prefix = f"{namespace}/{name}: "

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Add run and namespace to a line, beside what else it carries."""
        kwargs["extra"] = {**(self.extra or {}), **kwargs.get("extra", {})}
        return f"{self._prefix}{msg}", kwargs
