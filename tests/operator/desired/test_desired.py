import json
from typing import Any

import pytest

from ingestion_contract import pod
from ingestion_contract.limits import Limits
from ingestion_contract.pod import Step
from ingestion_contract.spec import parse_run
from ingestion_operator.desired.config_maps import limits_config_map, run_config_map
from ingestion_operator.desired.jobs import single_job, work_job
from ingestion_operator.desired.pod_template import WorkerSettings, pod_template, proxies
from tests.operator.kit import RUN_UID, make_run

EVERYTHING: dict[str, Any] = {
    "source": {"urls": ["https://videos.example/list"], "cookiesSecretRef": {"name": "yt", "key": "cookies.txt"}},
    "output": {"uri": "s3://bucket/$(HOME)", "credentialsSecretRef": {"name": "s3"}},
    "workers": {
        "resources": {"limits": {"memory": "9Gi"}},
        "nodeSelector": {"zone": "a"},
        "tolerations": [{"operator": "Exists"}],
        "priorityClassName": "high",
        "runtimeClassName": "gvisor",
        "modelCache": {"persistentVolumeClaim": {"claimName": "models"}},
    },
    "queueName": "gpus",
}
"""All that a run's author may say of pods."""

SETTINGS = WorkerSettings(image="worker:1", service_account="ingestion-worker")
OWNER = {
    "apiVersion": "ingestion.dev/v1alpha1",
    "kind": "IngestionRun",
    "name": "talks",
    "uid": RUN_UID,
    "controller": True,
    "blockOwnerDeletion": False,
}


def container(step: Step = Step.WORK, **spec: Any) -> dict[str, Any]:
    found: dict[str, Any] = pod_template(make_run(spec=spec), step, SETTINGS)["spec"]["containers"][0]
    return found


def mount_paths(step: Step, **spec: Any) -> set[str]:
    return {mount["mountPath"] for mount in container(step, **spec)["volumeMounts"]}


def test_the_work_job_has_an_index_per_shard_and_gives_none_up_for_another() -> None:
    spec = work_job(make_run(), 12, 4, SETTINGS)["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 12, 4)
    assert (spec["backoffLimitPerIndex"], spec["maxFailedIndexes"], spec["podReplacementPolicy"]) == (3, 12, "Failed")


def test_exits_are_taken_as_the_contract_says_and_disruptions_come_first() -> None:
    rules = work_job(make_run(), 12, 4, SETTINGS)["spec"]["podFailurePolicy"]["rules"]
    assert [rule["action"] for rule in rules] == ["Ignore", "FailJob", "Ignore"]
    assert rules[0]["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}]
    assert rules[1]["onExitCodes"] == {"containerName": "worker", "operator": "In", "values": [64]}
    assert rules[2]["onExitCodes"]["values"] == [75, 85, 143]


def test_with_a_queue_the_work_job_is_kueues_and_may_change_its_parallelism_there() -> None:
    job = work_job(make_run(spec={"queueName": "gpu-queue"}), 12, 4, SETTINGS)
    assert job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "gpu-queue"
    assert job["metadata"]["annotations"] == {"kueue.x-k8s.io/elastic-job": "true"}
    assert job["metadata"]["labels"]["ingestion.dev/run-uid"] == RUN_UID


def test_kueue_alone_suspends_a_job_in_its_queue_and_admits_all_of_it() -> None:
    """Under partial admission (`job-min-parallelism`) Kueue refuses every change of the parallelism."""
    job = work_job(make_run(spec={"queueName": "gpu-queue"}), 12, 4, SETTINGS)
    assert "suspend" not in job["spec"]
    assert "kueue.x-k8s.io/job-min-parallelism" not in job["metadata"]["annotations"]


def test_what_asks_for_no_device_is_not_queued_and_neither_is_a_run_without_a_queue() -> None:
    queued = make_run(spec={"queueName": "gpu-queue"})
    for body in (
        single_job(queued, Step.DISCOVER, SETTINGS),
        single_job(queued, Step.FINISH, SETTINGS),
        work_job(make_run(), 12, 4, SETTINGS),
    ):
        assert not [key for key in body["metadata"]["labels"] if "kueue" in key]
        assert "annotations" not in body["metadata"]


def test_jobs_never_expire_before_they_have_been_read() -> None:
    for body in (work_job(make_run(), 1, 1, SETTINGS), single_job(make_run(), Step.FINISH, SETTINGS)):
        assert "ttlSecondsAfterFinished" not in body["spec"]


def test_everything_is_owned_and_labelled() -> None:
    run = make_run()
    bodies = [
        work_job(run, 12, 4, SETTINGS),
        single_job(run, Step.DISCOVER, SETTINGS),
        run_config_map(run),
        limits_config_map(run, Limits()),
    ]
    assert [body["metadata"]["name"] for body in bodies] == [
        "talks-work",
        "talks-discover",
        "talks-run",
        "talks-limits",
    ]
    for body in bodies:
        assert body["metadata"]["ownerReferences"] == [OWNER]
        assert body["metadata"]["labels"]["ingestion.dev/run-uid"] == RUN_UID
    assert bodies[0]["spec"]["template"]["metadata"]["labels"]["ingestion.dev/step"] == "work"


def test_the_worker_reads_back_the_run_it_is_given() -> None:
    body = run_config_map(make_run())
    assert parse_run(json.loads(body["data"]["run.json"])) == make_run()
    assert body["immutable"]


def test_a_pod_has_no_token_and_no_privilege() -> None:
    spec = pod_template(make_run(), Step.WORK, SETTINGS)["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert spec["serviceAccountName"] == "ingestion-worker"
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize("step", list(Step))
def test_a_runs_author_chooses_resources_placement_and_references_and_nothing_else_of_a_pod(step: Step) -> None:
    plain, chosen = (pod_template(run, step, SETTINGS)["spec"] for run in (make_run(), make_run(spec=EVERYTHING)))
    own = {"volumes", "containers", "nodeSelector", "tolerations", "priorityClassName", "runtimeClassName"}
    of_container = {"command", "resources", "volumeMounts", "envFrom"}

    assert {key: value for key, value in chosen.items() if key not in own} == {
        key: value for key, value in plain.items() if key not in own
    }
    [theirs], [ours] = chosen["containers"], plain["containers"]
    assert {key: theirs[key] for key in theirs.keys() - of_container} == {
        key: ours[key] for key in ours.keys() - of_container
    }
    assert theirs["command"][:-1] == ours["command"][:-1]
    kinds = {kind for volume in chosen["volumes"] for kind in volume if kind != "name"}
    assert kinds <= {"configMap", "emptyDir", "persistentVolumeClaim", "secret"}


def test_volumes_belong_to_a_group_unless_the_platform_is_to_choose() -> None:
    def context(settings: WorkerSettings) -> dict[str, Any]:
        return dict(pod_template(make_run(), Step.WORK, settings)["spec"]["securityContext"])

    assert context(WorkerSettings("worker:1"))["fsGroup"] == 65_532
    assert context(WorkerSettings("worker:1", fs_group=1000))["fsGroup"] == 1000
    assert "fsGroup" not in context(WorkerSettings("worker:1", fs_group=None))


def test_the_worker_is_called_with_its_step_and_its_output() -> None:
    assert container()["command"] == ["ingest", "work", "--output", "file:///ingestion/output/talks"]
    root = container(output={"persistentVolumeClaim": {"claimName": "results"}})
    assert root["command"][-1] == "file:///ingestion/output"
    bucket = container(output={"uri": "s3://bucket/talks", "credentialsSecretRef": {"name": "s3"}})
    assert bucket["command"][-1] == "s3://bucket/talks"
    assert bucket["envFrom"] == [{"prefix": "INGESTION_CREDENTIAL_", "secretRef": {"name": "s3"}}]


def test_no_key_of_a_secret_is_a_variable_that_anybody_but_the_worker_reads() -> None:
    """Whoever writes Secrets would else run code in a worker (PYTHONPATH, LD_PRELOAD), or send it elsewhere."""
    for step in Step:
        made = container(step, output={"uri": "s3://bucket/talks", "credentialsSecretRef": {"name": "s3"}})
        assert [source["prefix"] for source in made["envFrom"]] == [pod.CREDENTIAL_PREFIX]
        assert not [one["name"] for one in made["env"] if one["name"].startswith(pod.CREDENTIAL_PREFIX)]
        assert {source for one in made["env"] for source in one.get("valueFrom", {})} <= {"fieldRef"}


def test_an_output_cannot_name_a_variable_of_the_worker_of_which_secrets_are_made() -> None:
    """Kubernetes puts the value in place of `$(NAME)`, and makes one `$` of two."""
    claim = {"claimName": "results", "path": "$(AWS_SECRET_ACCESS_KEY)/$$(A)"}
    command = container(output={"persistentVolumeClaim": claim})["command"]
    assert command[-1] == "file:///ingestion/output/$$(AWS_SECRET_ACCESS_KEY)/$$$$(A)"


def test_networks_that_may_be_asked_are_the_operators_word_alone() -> None:
    """What the operator sets, even to nothing, no Secret of a run's author changes."""

    def environment(settings: WorkerSettings) -> dict[str, Any]:
        found = pod_template(make_run(), Step.DISCOVER, settings)["spec"]["containers"][0]["env"]
        return {one["name"]: one.get("value") for one in found}

    allowed = environment(WorkerSettings("worker:1", allow_networks=("10.0.0.0/8", "fd00::/8")))
    assert allowed[pod.ALLOW_NETWORKS] == "10.0.0.0/8 fd00::/8"
    nothing = environment(SETTINGS)
    assert nothing[pod.ALLOW_NETWORKS] == nothing[pod.ALLOW_FOLDERS] == ""


def test_proxies_are_the_operators_word_alone() -> None:
    """A proxy asks for addresses that the rules would refuse, so that a run's author must not name one."""

    def set_in_pod(environment: dict[str, str]) -> dict[str, str]:
        settings = WorkerSettings("worker:1", proxies=proxies(environment))
        found = pod_template(make_run(), Step.WORK, settings)["spec"]["containers"][0]["env"]
        return {one["name"]: one["value"] for one in found if one["name"].lower().endswith("_proxy")}

    names = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    every = [*names, *map(str.upper, names)]
    assert set_in_pod({}) == dict.fromkeys(every, "")
    named = set_in_pod({"HTTPS_PROXY": "http://proxy:3128", "no_proxy": "localhost", "PATH": "/bin"})
    given = {"https_proxy": "http://proxy:3128", "no_proxy": "localhost"}
    assert named == dict.fromkeys(every, "") | given | {name.upper(): value for name, value in given.items()}


def test_only_workers_ask_for_a_device_and_for_placement() -> None:
    spec = {"workers": {"nodeSelector": {"gpu": "yes"}, "priorityClassName": "batch", "tolerations": [{"key": "gpu"}]}}
    assert container(Step.WORK)["resources"]["limits"] == {"nvidia.com/gpu": 1}
    assert container(Step.DISCOVER)["resources"] == {"requests": {"cpu": "100m", "memory": "256Mi"}}
    worker = pod_template(make_run(spec=spec), Step.WORK, SETTINGS)["spec"]
    assert (worker["nodeSelector"], worker["priorityClassName"]) == ({"gpu": "yes"}, "batch")
    assert worker["tolerations"] == [{"key": "gpu"}]
    assert "nodeSelector" not in pod_template(make_run(spec=spec), Step.DISCOVER, SETTINGS)["spec"]


def test_each_step_sees_what_it_needs() -> None:
    cookies = {"source": {"urls": ["https://videos.example"], "cookiesSecretRef": {"name": "yt", "key": "jar"}}}
    common = {"/ingestion/run", "/tmp", "/ingestion/output"}
    assert mount_paths(Step.FINISH, **cookies) == common
    assert mount_paths(Step.DISCOVER, **cookies) == common | {"/ingestion/cookies"}
    everything = common | {"/ingestion/cookies", "/ingestion/limits", "/ingestion/models"}
    assert mount_paths(Step.WORK, **cookies) == everything
    assert "/ingestion/output" not in mount_paths(Step.WORK, output={"uri": "s3://bucket/x"})


def test_the_model_cache_is_a_claim_if_there_is_one() -> None:
    def models(**spec: Any) -> dict[str, Any]:
        volumes = pod_template(make_run(spec=spec), Step.WORK, SETTINGS)["spec"]["volumes"]
        found: dict[str, Any] = next(volume for volume in volumes if volume["name"] == "models")
        return found

    assert models()["emptyDir"] == {}
    cache = {"modelCache": {"persistentVolumeClaim": {"claimName": "models"}}}
    assert models(workers=cache)["persistentVolumeClaim"] == {"claimName": "models"}


def test_a_worker_is_ready_when_it_says_so() -> None:
    probe = container()["readinessProbe"]
    assert probe["httpGet"] == {"path": "/ready", "port": 9090}
    assert probe["failureThreshold"] == 1
    assert "readinessProbe" not in container(Step.DISCOVER)
