"""kubectl, as the administrator of a development cluster."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from dev.cluster.cluster import Cluster

ESTABLISHED = '--for=jsonpath={.status.conditions[?(@.type=="Established")].status}=True'
"""For `kubectl wait` on a CustomResourceDefinition. One that was just made has no conditions, on which
`--for=condition=Established` ends with an error."""


class KubectlFailed(RuntimeError):
    """kubectl ended with an error; the message has its words."""


def kubectl(cluster: Cluster, *arguments: str, given: Any = None) -> str:
    """Run kubectl, with JSON data on its standard input if there are any, and return what it printed.

    Raises:
        KubectlFailed: it ended with an error.
    """
    done = subprocess.run(
        [str(cluster.kubectl), *arguments],
        env=cluster.environment,
        input=None if given is None else json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise KubectlFailed(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
