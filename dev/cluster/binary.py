"""The control plane's programs in one binary, built from the pinned Go modules."""

from pathlib import Path

from dev.go_program import GoProgram, Report

KUBERNETES_VERSION = "v1.36.3"
_VERSION_PACKAGES = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")


def control_plane_binary(report: Report = print) -> Path:
    """Return the path of the control-plane binary, building it when the cache does not hold it yet.

    Raises GoMissing without a Go toolchain, and BuildFailed when the build fails.
    """
    return CONTROL_PLANE.executable(report)


def _linker_flags() -> str:
    major, minor, _ = KUBERNETES_VERSION.removeprefix("v").split(".")
    values = {"gitVersion": KUBERNETES_VERSION, "gitMajor": major, "gitMinor": minor}
    settings = [f"-X {package}.{name}={value}" for package in _VERSION_PACKAGES for name, value in values.items()]
    return " ".join(["-s -w", *settings])


CONTROL_PLANE = GoProgram(
    name="controlplane",
    label="control plane",
    source=Path(__file__).parent / "controlplane",
    linker_flags=_linker_flags(),
)
