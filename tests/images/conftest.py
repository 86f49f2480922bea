"""The operator's image, built once for these tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dev.image.build import Image, build
from dev.image.buildah import Buildah, Config, missing
from dev.image.sandbox import command_in

MARK = "mark-of-this-machine.invalid"
"""A host for which proxy and pip are told something: neither may be found in an image."""


@dataclass(frozen=True)
class Built:
    """An image, its files mounted."""

    root: Path
    config: Config
    described: str = field(repr=False)

    def run(self, *command: str, read: Mapping[Path, str] | None = None, **environment: str) -> str:
        """Run a command in it, and return what it printed, all together."""
        done = subprocess.run(
            command_in(self.root, self.config, command, environment, read),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    @contextmanager
    def running(self, *command: str, read: Mapping[Path, str], log: Path, **environment: str) -> Iterator[None]:
        """Run a command in it for as long as the block runs."""
        with log.open("w") as output:
            process = subprocess.Popen(
                command_in(self.root, self.config, command, environment, read),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                yield
            finally:
                process.kill()
                process.wait(30)


@pytest.fixture(scope="session")
def operator_image() -> Iterator[Built]:
    """The operator's image as its Dockerfile has it, built where proxy and pip are told of a host."""
    if problems := missing():
        reason = f"no image can be built here: {' '.join(problems)}"
        if os.environ.get("REQUIRE_CLUSTER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    buildah = Buildah()
    with pytest.MonkeyPatch.context() as machine:
        machine.setenv("no_proxy", f"{os.environ.get('no_proxy', '127.0.0.1,localhost')},{MARK}")
        machine.setenv("PIP_TRUSTED_HOST", MARK)
        name = build(Image.OPERATOR, buildah)
    with buildah.mounted(name) as root:
        yield Built(root, buildah.config(name), buildah("inspect", "--type", "image", name))
