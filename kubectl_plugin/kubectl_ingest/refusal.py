"""Why a command cannot be done."""

from __future__ import annotations


class Refusal(Exception):
    """What was asked for cannot be done: one sentence for a person, which names the mend."""

    exit_code = 1


class Unreachable(Refusal):
    """The cluster could not be asked."""

    exit_code = 2
