"""Volumes, seen by the processes of a pod at their mount paths."""

import json
from pathlib import Path

import pytest

from dev.cluster import Cluster
from tests.cluster.kit import Namespace, container, end_of, eventually, is_over, is_running, pod_of, python_container

pytestmark = pytest.mark.long


def on_the_machine(path: str) -> bool:
    return Path(path).exists()


def mounted(path: str, **fields: object) -> dict[str, object]:
    return {"volumeMounts": [{"name": "volume", "mountPath": path, **fields}]}


async def test_an_empty_folder_is_shared_by_the_containers_of_a_pod(namespace: Namespace) -> None:
    reader = container("until cat /in/greeting > /dev/termination-log; do sleep 0.1; done", **mounted("/in"))
    writer = container("echo hello > /out/greeting", **mounted("/out")) | {"name": "writer"}
    pod = await namespace.run(reader, writer, volumes=[{"name": "volume", "emptyDir": {}}])
    assert end_of(pod)["message"] == "hello\n"


async def test_a_mount_path_may_lie_where_the_machine_has_folders_of_its_own(namespace: Namespace) -> None:
    script = "echo ours > /var/lib/ingestion/state/file && test -e /var/lib/dpkg && test -e /etc/passwd"
    pod = await namespace.run(
        container(script, **mounted("/var/lib/ingestion/state")), volumes=[{"name": "volume", "emptyDir": {}}]
    )
    assert end_of(pod)["exitCode"] == 0
    assert not on_the_machine("/var/lib/ingestion")


async def test_a_volume_over_tmp_does_not_hide_an_image_that_lies_there(namespace: Namespace) -> None:
    greeter = container("", **mounted("/tmp")) | {"image": "under-tmp", "command": ["greet"], "args": []}
    pod = await namespace.run(greeter, volumes=[{"name": "volume", "emptyDir": {}}])
    assert end_of(pod)["message"] == "hello\n"


async def test_the_machines_own_files_are_read_only(namespace: Namespace) -> None:
    of_this_user = Path(__file__).parent / "touched"
    pod = await namespace.run(container(f"touch {of_this_user} || touch /usr/touched || exit 9"))
    assert end_of(pod)["exitCode"] == 9
    assert not of_this_user.exists()


async def test_a_touched_pod_sees_a_changed_config_map(namespace: Namespace) -> None:
    await namespace.create("configmaps", "limits", data={"revision": "1", "gone": "yes"})
    script = "until test $(cat /limits/revision) = 2; do sleep 0.1; done; ls /limits > /dev/termination-log"
    volumes = [{"name": "volume", "configMap": {"name": "limits"}}]
    await namespace.create("pods", "pod", spec=pod_of(container(script, **mounted("/limits")), volumes=volumes))
    await namespace.until("pods", "pod", is_running)
    await namespace.patch("configmaps", "limits", {"data": {"revision": "2", "gone": None, "fresh": "yes"}})
    await namespace.patch("pods", "pod", {"metadata": {"annotations": {"ingestion.dev/limits": "2"}}})
    pod = await namespace.until("pods", "pod", is_over)
    assert end_of(pod)["message"].split() == ["fresh", "revision"]


async def test_chosen_keys_at_chosen_paths_and_one_file_by_its_sub_path(namespace: Namespace) -> None:
    await namespace.create("secrets", "youtube", stringData={"cookies": "crumbs", "other": "no"})
    items = [{"key": "cookies", "path": "jar/cookies.txt"}]
    mounts = [
        {"name": "all", "mountPath": "/secrets"},
        {"name": "one", "mountPath": "/etc/cookies.txt", "subPath": "cookies"},
    ]
    pod = await namespace.run(
        container(
            "(ls /secrets; cat /secrets/jar/cookies.txt /etc/cookies.txt) > /dev/termination-log", volumeMounts=mounts
        ),
        volumes=[
            {"name": "all", "secret": {"secretName": "youtube", "items": items}},
            {"name": "one", "secret": {"secretName": "youtube"}},
        ],
    )
    assert end_of(pod)["message"] == "jar\ncrumbscrumbs"


async def test_an_optional_source_may_be_missing_and_any_other_is_waited_for(namespace: Namespace) -> None:
    volumes = [
        {"name": "volume", "configMap": {"name": "late"}},
        {"name": "optional", "configMap": {"name": "never", "optional": True}},
    ]
    mounts = [{"name": "volume", "mountPath": "/late"}, {"name": "optional", "mountPath": "/optional"}]
    script = "cat /late/key > /dev/termination-log; ls -1 /optional | wc -l >> /dev/termination-log"
    await namespace.create("pods", "pod", spec=pod_of(container(script, volumeMounts=mounts), volumes=volumes))
    pod = await namespace.until("pods", "pod", lambda pod: "ContainerCreating" in str(pod["status"]))
    assert pod["status"]["phase"] == "Pending"
    await namespace.create("configmaps", "late", data={"key": "here "})
    assert end_of(await namespace.until("pods", "pod", is_over))["message"] == "here 0\n"


async def test_a_claim_is_a_folder_that_outlives_pods_and_goes_with_the_claim(
    namespace: Namespace, cluster: Cluster
) -> None:
    resources = {"requests": {"storage": "1Gi"}}
    await namespace.create(
        "persistentvolumeclaims", "results", spec={"accessModes": ["ReadWriteMany"], "resources": resources}
    )
    volumes = [{"name": "volume", "persistentVolumeClaim": {"claimName": "results"}}]
    writer = container("mkdir /output/run; echo done > /output/run/manifest", **mounted("/output"))
    await namespace.run(writer, name="writer", volumes=volumes)
    folder = cluster.folder / "volumes" / namespace.name / "results"
    assert (folder / "run" / "manifest").read_text() == "done\n"

    reader = container("cat /data/manifest > /dev/termination-log", **mounted("/data", subPath="run", readOnly=True))
    assert end_of(await namespace.run(reader, name="reader", volumes=volumes))["message"] == "done\n"

    for pod in ("writer", "reader"):
        await namespace.delete("pods", pod)
    await namespace.delete("persistentvolumeclaims", "results")
    await eventually(lambda: not folder.exists())


async def test_the_service_account_token_opens_the_api_server(namespace: Namespace) -> None:
    script = """
        import os, pathlib, ssl, urllib.request
        account = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")
        server = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}"
        request = urllib.request.Request(
            f"{server}/apis/authentication.k8s.io/v1/selfsubjectreviews",
            data=b'{"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}',
            headers={"Authorization": f"Bearer {(account / 'token').read_text()}", "Content-Type": "application/json"},
        )
        trust = ssl.create_default_context(cafile=account / "ca.crt")
        open("/dev/termination-log", "wb").write(urllib.request.urlopen(request, context=trust).read())
    """
    pod = await namespace.run(python_container(script))
    assert json.loads(end_of(pod)["message"])["status"]["userInfo"]["username"] == (
        f"system:serviceaccount:{namespace.name}:default"
    )
