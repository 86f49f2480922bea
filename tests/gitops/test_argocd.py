"""What Argo CD shows of a run, and the manifests that a reader copies."""

import pytest

from tests.gitops.argocd import HEALTH_LUA, Health, judge, manifests
from tests.gitops.runs import every_moment, manifest

MOMENTS = every_moment()


@pytest.mark.parametrize(
    ("moment", "message"),
    [
        ("just applied", "the operator has not looked at this generation yet"),
        ("discovering (the first patch)", "Discovering: the source is being listed"),
        ("queued", "Queued: 0/200 videos, 4 workers wanted, which the queue gpu-queue holds back"),
        (
            "succeeded",
            "Ingested: 198 of 198 videos that exist and may be read were ingested; 2 skipped (Gone 2)",
        ),
        ("source not there", "SourceGone: the playlist does not exist"),
        ("spec unusable", "InvalidSpec: spec.workers: min is above initial"),
        ("suspended", "Suspended: spec.suspend is true; nothing that is finished is lost"),
    ],
)
def test_the_message_is_the_conditions_own(moment: str, message: str) -> None:
    assert judge(MOMENTS[moment]).message == message


def test_a_reason_without_a_message_stands_alone() -> None:
    run = manifest(None) | {
        "status": {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True", "reason": "Ingested"}]}
    }
    assert judge(run) == Health("Healthy", "Ingested")


def test_an_old_success_does_not_cover_a_change_that_was_not_looked_at() -> None:
    assert judge(MOMENTS["succeeded"]).status == "Healthy"
    assert judge(MOMENTS["changed after its end, not seen"]).status == "Progressing"


def test_a_status_without_conditions_is_on_its_way() -> None:
    assert judge(manifest(None) | {"status": {"observedGeneration": 1}}) == Health("Progressing", "NoConditionYet")


def test_the_config_map_holds_the_very_script() -> None:
    patch = manifests()["argocd-cm.yaml"]
    assert patch["metadata"]["name"] == "argocd-cm"
    assert patch["data"] == {"resource.customizations.health.ingestion.dev_IngestionRun": HEALTH_LUA}


def test_the_application_applies_as_the_documentation_says() -> None:
    policy = manifests()["application.yaml"]["spec"]["syncPolicy"]
    assert "ServerSideApply=true" in policy["syncOptions"]
    assert not {"Replace=true", "Force=true"} & set(policy["syncOptions"]), "these would delete a run to change it"
