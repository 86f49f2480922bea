"""`python -m dev.cluster`, and that nothing is left behind, however it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dev.cluster import Cluster, ClusterError
from dev.cluster.testing import require_cluster
from tests.cluster.kit import container, pod_of, processes_with, unique_argument

pytestmark = pytest.mark.long

REPOSITORY = Path(__file__).parents[2]
CLUSTER = [sys.executable, "-m", "dev.cluster"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    require_cluster()
    return tmp_path / "cluster"


def wait_for(holds: Callable[[], object]) -> None:
    limit = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < limit, "it did not come to it within a minute"
        time.sleep(0.1)


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLUSTER, *arguments], cwd=REPOSITORY, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def kubectl(folder: Path, *arguments: str, given: str | None = None) -> str:
    command = [str(folder / "bin" / "kubectl"), f"--kubeconfig={folder / 'kubeconfig'}", *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True, timeout=20).stdout


def test_nothing_is_left_when_the_parent_is_killed(folder: Path) -> None:
    mark = unique_argument()
    parent = subprocess.Popen(
        [*CLUSTER, "up", f"--dir={folder}", f"--image=python={sys.prefix}"], cwd=REPOSITORY, stdout=subprocess.DEVNULL
    )
    try:
        wait_for((folder / "kubeconfig").exists)
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}}
        pod["spec"] = pod_of(container(f"setsid sleep {mark} & exec sleep {mark}"))
        kubectl(folder, "create", "-f", "-", given=json.dumps(pod))
        wait_for(lambda: processes_with(mark))
        assert processes_with(str(folder))
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait(10)
    wait_for(lambda: not processes_with(mark) and not processes_with(str(folder)))


def test_ctrl_c_stops_everything_even_while_it_starts(folder: Path) -> None:
    parent = subprocess.Popen([*CLUSTER, "up", f"--dir={folder}"], cwd=REPOSITORY, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: processes_with(f"--etcd-cafile={folder}"))
        parent.send_signal(signal.SIGINT)
        assert parent.wait(20) == 0
    finally:
        parent.kill()
    assert not processes_with(str(folder))
    assert not (folder / "kubeconfig").exists()


def test_a_cluster_in_the_background_is_stopped_by_down(folder: Path) -> None:
    try:
        assert run("up", "--detach", f"--dir={folder}", "--gpus=3").returncode == 0
        [node] = json.loads(kubectl(folder, "get", "nodes", "-o", "json"))["items"]
        assert node["status"]["allocatable"]["nvidia.com/gpu"] == "3"
        assert "already running" in run("up", "--detach", f"--dir={folder}").stdout
        with pytest.raises(ClusterError, match="A cluster is running in"):
            Cluster(folder).start()
    finally:
        assert run("down", f"--dir={folder}").returncode == 0
    wait_for(lambda: not processes_with(str(folder)))
    assert "none is running" in run("down", f"--dir={folder}").stdout


def test_a_command_runs_with_the_cluster_and_gives_its_exit_code(folder: Path) -> None:
    script = "kubectl get nodes -o name && exit 3"
    done = run("run", f"--dir={folder}", "--", "bash", "-c", script)
    assert "node/process-node" in done.stdout
    assert done.returncode == 3


def test_a_folder_with_other_things_in_it_is_refused(tmp_path: Path) -> None:
    require_cluster()
    (tmp_path / "thesis.txt").write_text("chapter one")
    with pytest.raises(ClusterError, match="holds other things than a cluster"):
        Cluster(tmp_path).start()


def test_a_missing_program_is_named_with_the_command_that_installs_it(tmp_path: Path) -> None:
    bare = {**os.environ, "PATH": str(tmp_path)}
    done = run("up", f"--dir={tmp_path / 'cluster'}", env=bare)
    assert done.returncode == 1
    assert "`bwrap` is missing: run `apt-get install bubblewrap`." in done.stderr


def test_an_option_that_is_not_a_pair_is_refused(tmp_path: Path) -> None:
    done = run("up", f"--dir={tmp_path}", "--image=worker")
    assert done.returncode == 1
    assert "--image worker: two parts with `=` between them are wanted." in done.stderr
