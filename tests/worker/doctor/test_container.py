"""What the doctor sees where it runs in a container."""

from pathlib import Path

import pytest

from ingestion_worker.doctor import probes
from ingestion_worker.doctor.host_memory import free_memory

GIB = 2**30


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with 16 GiB free, and no control group."""
    write(tmp_path / "proc/meminfo", f"MemTotal: 1 kB\nMemAvailable: {16 * 2**20} kB\n")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_without_a_limit_the_hosts_memory_counts(root: Path) -> None:
    assert free_memory(root) == 16 * GIB
    write(root / "sys/fs/cgroup/memory.max", "max\n")
    write(root / "sys/fs/cgroup/memory.current", f"{GIB}\n")
    write(root / "sys/fs/cgroup/memory.stat", "inactive_file 0\n")
    assert free_memory(root) == 16 * GIB


def test_the_limit_of_a_container_counts_less_what_it_uses_itself(root: Path) -> None:
    write(root / "sys/fs/cgroup/memory.max", f"{4 * GIB}\n")
    write(root / "sys/fs/cgroup/memory.current", f"{3 * GIB}\n")
    write(root / "sys/fs/cgroup/memory.stat", f"anon {GIB}\ninactive_file {2 * GIB}\n")
    assert free_memory(root) == 3 * GIB


def test_so_does_the_limit_of_the_older_control_groups(root: Path) -> None:
    write(root / "sys/fs/cgroup/memory/memory.limit_in_bytes", f"{4 * GIB}\n")
    write(root / "sys/fs/cgroup/memory/memory.usage_in_bytes", f"{3 * GIB}\n")
    write(root / "sys/fs/cgroup/memory/memory.stat", f"inactive_file 7\ntotal_inactive_file {GIB}\n")
    assert free_memory(root) == 2 * GIB


def test_a_limit_above_what_the_host_has_is_none(root: Path) -> None:
    write(root / "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
    write(root / "sys/fs/cgroup/memory/memory.usage_in_bytes", f"{3 * GIB}\n")
    write(root / "sys/fs/cgroup/memory/memory.stat", "total_inactive_file 0\n")
    assert free_memory(root) == 16 * GIB


def test_a_folder_for_models_need_not_be_there_yet(tmp_path: Path) -> None:
    assert probes.writable(tmp_path / "models" / "hub")
    (tmp_path / "file").touch()
    assert not probes.writable(tmp_path / "file" / "models")
