"""A pod from its start to its end."""

import pytest

from tests.cluster.kit import (
    Namespace,
    container,
    container_status,
    end_of,
    eventually,
    is_over,
    is_running,
    pod_of,
    processes_with,
    python_container,
    unique_argument,
)

pytestmark = pytest.mark.long

HOLD = {"finalizers": ["ingestion.dev/held-by-the-test"]}
STOPS_WITH_143 = """
    import signal, sys, time
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    open("/dev/termination-log", "w").write("armed")
    open("/shared/armed", "w").close()
    while True: time.sleep(1)
"""


async def test_a_pod_that_succeeds_is_succeeded(namespace: Namespace) -> None:
    pod = await namespace.run(container("exit 0"))
    assert pod["status"]["phase"] == "Succeeded"
    assert end_of(pod)["exitCode"] == 0
    assert end_of(pod)["reason"] == "Completed"


async def test_a_pod_that_fails_shows_its_exit_code_and_its_termination_message(namespace: Namespace) -> None:
    pod = await namespace.run(container("echo '{\"videos\": 3}' > /dev/termination-log; exit 85"))
    assert pod["status"]["phase"] == "Failed"
    assert end_of(pod)["exitCode"] == 85
    assert end_of(pod)["reason"] == "Error"
    assert end_of(pod)["message"] == '{"videos": 3}\n'


async def test_the_end_of_the_log_is_the_message_where_the_policy_says_so(namespace: Namespace) -> None:
    policy = {"terminationMessagePolicy": "FallbackToLogsOnError"}
    pod = await namespace.run(container("seq 1000; exit 1", **policy))
    assert end_of(pod)["message"].splitlines() == [str(number) for number in range(921, 1001)]


async def test_a_program_that_does_not_exist_is_a_start_error(namespace: Namespace) -> None:
    pod = await namespace.run(container("", command=["no-such-program"]))
    assert end_of(pod)["reason"] == "StartError"
    assert end_of(pod)["exitCode"] == 128
    assert "no-such-program" in end_of(pod)["message"]


async def test_a_mount_that_cannot_be_made_is_a_start_error(namespace: Namespace) -> None:
    mounts = [{"name": "shared", "mountPath": "/etc/hostname"}]
    pod = await namespace.run(container("", volumeMounts=mounts), volumes=[{"name": "shared", "emptyDir": {}}])
    assert end_of(pod)["reason"] == "StartError"
    assert "/etc/hostname" in end_of(pod)["message"]


async def test_an_unknown_image_waits_with_a_reason_and_can_be_deleted(namespace: Namespace) -> None:
    await namespace.create("pods", "pod", spec=pod_of(container("", image="nowhere:1")))
    pod = await namespace.until("pods", "pod", lambda pod: "ErrImageNeverPull" in str(pod["status"]))
    assert "--image nowhere:1=FOLDER" in container_status(pod)["state"]["waiting"]["message"]
    await namespace.delete("pods", "pod")
    await namespace.until_gone("pods", "pod")


async def test_sigterm_reaches_the_main_process_and_its_exit_code_is_written_before_the_pod_goes(
    namespace: Namespace,
) -> None:
    await run_armed(namespace, STOPS_WITH_143)
    await namespace.delete("pods", "pod")
    pod = await namespace.until("pods", "pod", is_over)
    assert pod["status"]["phase"] == "Failed"
    assert end_of(pod)["exitCode"] == 143
    assert end_of(pod)["message"] == "armed"
    await namespace.patch("pods", "pod", {"metadata": {"finalizers": None}})
    await namespace.until_gone("pods", "pod")


async def test_a_pod_that_ignores_sigterm_is_killed_after_its_grace_period(namespace: Namespace) -> None:
    await run_armed(namespace, STOPS_WITH_143.replace("lambda *_: sys.exit(143)", "signal.SIG_IGN"))
    await namespace.delete("pods", "pod")
    pod = await namespace.until("pods", "pod", is_over)
    assert end_of(pod)["exitCode"] == 137
    await namespace.patch("pods", "pod", {"metadata": {"finalizers": None}})


async def test_a_pod_that_exits_well_on_sigterm_is_succeeded(namespace: Namespace) -> None:
    await run_armed(namespace, STOPS_WITH_143.replace("143", "0"))
    await namespace.delete("pods", "pod")
    pod = await namespace.until("pods", "pod", is_over)
    assert pod["status"]["phase"] == "Succeeded"
    await namespace.patch("pods", "pod", {"metadata": {"finalizers": None}})


async def test_the_whole_process_tree_dies_with_the_main_process(namespace: Namespace) -> None:
    mark = unique_argument()
    await namespace.create("pods", "pod", spec=pod_of(container(f"setsid sleep {mark} & exec sleep 60")))
    await eventually(lambda: processes_with(mark))
    await namespace.delete("pods", "pod")
    await namespace.until_gone("pods", "pod")
    assert not processes_with(mark)


async def test_a_deadline_ends_the_pod(namespace: Namespace) -> None:
    pod = await namespace.run(container("exec sleep 60"), activeDeadlineSeconds=1, terminationGracePeriodSeconds=0)
    assert pod["status"]["reason"] == "DeadlineExceeded"
    assert pod["status"]["phase"] == "Failed"


async def test_init_containers_run_in_order_before_the_others(namespace: Namespace) -> None:
    mounts = {"volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}
    pod = await namespace.run(
        container("cat /shared/steps > /dev/termination-log", **mounts),
        initContainers=[
            container("sleep 0.3; echo first >> /shared/steps", **mounts) | {"name": "first"},
            container("echo second >> /shared/steps", **mounts) | {"name": "second"},
        ],
        volumes=[{"name": "shared", "emptyDir": {}}],
    )
    assert end_of(pod)["message"] == "first\nsecond\n"


async def test_a_failing_init_container_fails_the_pod(namespace: Namespace) -> None:
    pod = await namespace.run(container("exit 0"), initContainers=[container("exit 7") | {"name": "first"}])
    assert pod["status"]["phase"] == "Failed"
    assert pod["status"]["initContainerStatuses"][0]["state"]["terminated"]["exitCode"] == 7


async def test_a_container_is_started_again_where_the_policy_says_so(namespace: Namespace) -> None:
    await namespace.create("pods", "pod", spec=pod_of(container("exit 5"), restartPolicy="OnFailure"))
    pod = await namespace.until("pods", "pod", lambda pod: "CrashLoopBackOff" in str(pod["status"]))
    assert container_status(pod)["restartCount"] == 1
    assert container_status(pod)["lastState"]["terminated"]["exitCode"] == 5


async def test_a_pod_with_two_containers_is_over_when_both_are(namespace: Namespace) -> None:
    pod = await namespace.run(container("exit 0"), container("sleep 0.5; exit 3") | {"name": "second"})
    ends = {each["name"]: each["state"]["terminated"]["exitCode"] for each in pod["status"]["containerStatuses"]}
    assert ends == {"main": 0, "second": 3}
    assert pod["status"]["phase"] == "Failed"


async def test_what_would_be_ignored_in_silence_is_refused(namespace: Namespace) -> None:
    hooks = {"lifecycle": {"preStop": {"exec": {"command": ["true"]}}}}
    pod = await namespace.run(container("exit 0", **hooks))
    assert pod["status"]["reason"] == "Unsupported"
    assert "lifecycle hooks" in pod["status"]["message"]


async def test_every_pod_has_an_address_of_its_own(namespace: Namespace) -> None:
    for name in ("one", "two"):
        await namespace.create("pods", name, spec=pod_of(container("exec sleep 60"), terminationGracePeriodSeconds=0))
    pods = [await namespace.until("pods", name, is_running) for name in ("one", "two")]
    addresses = {pod["status"]["podIP"] for pod in pods}
    assert len(addresses) == 2
    assert all(address.startswith("127.") for address in addresses)


async def run_armed(namespace: Namespace, script: str) -> None:
    """Run a pod, held by a finalizer, up to the moment from which on it answers SIGTERM in its own way."""
    probe = {"exec": {"command": ["test", "-e", "/shared/armed"]}, "periodSeconds": 1}
    armed = python_container(script, readinessProbe=probe, volumeMounts=[{"name": "shared", "mountPath": "/shared"}])
    spec = pod_of(armed, volumes=[{"name": "shared", "emptyDir": {}}])
    await namespace.create("pods", "pod", HOLD, spec=spec)
    await namespace.until("pods", "pod", lambda pod: is_running(pod) and container_status(pod)["ready"])
