"""Helm, and kubeconform to check what it renders, built from the Go modules that go.mod pins."""

import re
from pathlib import Path

from dev.go_program import GoProgram

_SOURCE = Path(__file__).parent


def _pinned(module: str) -> str:
    """Return the version of a module in go.mod."""
    found = re.search(rf"^\s*{re.escape(module)} (v\S+)", (_SOURCE / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise ValueError(f"{_SOURCE / 'go.mod'} pins no version of {module}")
    return found[1]


def _helm_linker_flags() -> str:
    """Tell Helm what its Makefile tells it: its version, and the Kubernetes that it renders for by default."""
    kubernetes_minor = _pinned("k8s.io/client-go").split(".")[1]
    values = {
        "internal/version.version": _pinned("helm.sh/helm/v3"),
        "pkg/lint/rules.k8sVersionMinor": kubernetes_minor,
        "pkg/chartutil.k8sVersionMinor": kubernetes_minor,
    }
    return " ".join(["-s -w", *(f"-X helm.sh/helm/v3/{name}={value}" for name, value in values.items())])


HELM = GoProgram(
    name="helm", label="helm", source=_SOURCE, package="helm.sh/helm/v3/cmd/helm", linker_flags=_helm_linker_flags()
)
KUBECONFORM = GoProgram(
    name="kubeconform", label="kubeconform", source=_SOURCE, package="github.com/yannh/kubeconform/cmd/kubeconform"
)
