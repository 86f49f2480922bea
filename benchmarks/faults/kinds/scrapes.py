"""Workers answer badly when their metrics are read, while memory is short."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from benchmarks.faults.fault import Fault
from benchmarks.faults.plan import Page, Plan


class BadPage(Fault):
    """The pages of all workers are bad from beginning to end."""

    lasting = True
    page: ClassVar[Page]

    def plan(self, plan: Plan) -> Plan:
        """Let the workers answer so, and let memory be short, so that there is something to decide."""
        return replace(plan, page=self.page, room=2)


class Hangs(BadPage):
    """No byte comes."""

    page, name, told = Page.HANGS, "metrics-hang", "workers' metrics are not answered, while memory is short"


class Drips(BadPage):
    """A line now and then."""

    page, name, told = Page.DRIPS, "metrics-drip", "workers' metrics come a line every half second"


class Huge(BadPage):
    """Ten megabytes."""

    page, name, told = Page.HUGE, "metrics-huge", "workers' metrics are 10 MB"


class Garbage(BadPage):
    """Torn lines and random bytes."""

    page, name, told = Page.GARBAGE, "metrics-garbage", "workers' metrics are torn lines and random bytes"


class Refuses(BadPage):
    """An error."""

    page, name, told = Page.REFUSES, "metrics-500", "workers' metrics are answered with 500"


KINDS: tuple[type[Fault], ...] = (Hangs, Drips, Huge, Garbage, Refuses)
