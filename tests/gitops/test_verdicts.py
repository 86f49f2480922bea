"""What kstatus, Argo CD and Flux make of a run, from its first patch to each end: one table for the three."""

import pytest

from dev import kstatus as real_kstatus
from ingestion_operator.observe.recording import Record
from ingestion_operator.status.report import next_status
from tests.gitops import argocd, flux
from tests.gitops.runs import Manifest, every_moment, manifest
from tests.operator.replay.kit import recorded

ON_ITS_WAY = ("InProgress", "Progressing", "InProgress")
ENDED_WELL = ("Current", "Healthy", "Current")
ENDED_BADLY = ("Failed", "Degraded", "Failed")
AT_REST = ("InProgress", "Suspended", "InProgress")
GOING = ("Terminating", "Progressing", "InProgress")

# kstatus takes an object without a status for done; nothing that an operator writes can change that, so that a wait by
# kstatus alone must not begin before the first patch. Both others know better.
NOT_LOOKED_AT = ("Current", "Progressing", "Unknown")

# (kstatus, Argo CD, Flux)
EXPECTED = {
    "just applied": NOT_LOOKED_AT,
    "discovering (the first patch)": ON_ITS_WAY,
    "source not there": ENDED_BADLY,
    "working": ON_ITS_WAY,
    "short of memory": ON_ITS_WAY,
    "queued": ON_ITS_WAY,
    "finishing": ON_ITS_WAY,
    "succeeded": ENDED_WELL,
    "failed": ENDED_BADLY,
    "stalled": ENDED_BADLY,
    "stalled, then helped": ON_ITS_WAY,
    "name taken": ENDED_BADLY,
    "spec unusable": ENDED_BADLY,
    "suspended": AT_REST,
    "suspended, then resumed": ON_ITS_WAY,
    "suspended a moment ago": ON_ITS_WAY,
    "changed after its end, not seen": ON_ITS_WAY,
    "changed after its end, seen": ENDED_WELL,
    "deleted while working": GOING,
    "deleted after its end": GOING,
}


def written(record: Record) -> Manifest:
    """The run as the operator left it after a recorded decision."""
    status = next_status(record.snapshot, record.decision, None, record.at)
    return manifest(status, run=record.snapshot.run, generation=record.snapshot.generation)


@pytest.mark.usefixtures("kstatus")
def test_kstatus() -> None:
    moments = every_moment()
    found = [verdict.status for verdict in real_kstatus.judge(moments.values())]
    assert dict(zip(moments, found, strict=True)) == {moment: said for moment, (said, _, _) in EXPECTED.items()}


def test_argo_cd() -> None:
    found = {moment: argocd.judge(run).status for moment, run in every_moment().items()}
    assert found == {moment: said for moment, (_, said, _) in EXPECTED.items()}


def test_flux() -> None:
    found = {moment: flux.judge(run) for moment, run in every_moment().items()}
    assert found == {moment: said for moment, (_, _, said) in EXPECTED.items()}


@pytest.mark.usefixtures("kstatus")
@pytest.mark.parametrize("name", sorted(recorded()))
def test_a_recorded_run_is_on_its_way_at_every_look(name: str) -> None:
    """Memory may run out and the source may block: as long as the operator goes on, no judge gives the run up."""
    runs = [written(record) for record in recorded()[name]]
    verdicts = zip(real_kstatus.judge(runs), map(argocd.judge, runs), map(flux.judge, runs), strict=True)
    assert {(ours.status, argo.status, theirs) for ours, argo, theirs in verdicts} == {ON_ITS_WAY}
