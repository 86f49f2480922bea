"""What kopf tells of the cluster goes to the controller: no timers, no daemons, no finalizers, no patches of kopf's."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import kopf

from ingestion_contract import identity
from ingestion_operator.controller import Controller
from ingestion_operator.kube import SERVICE_HOST, SERVICE_PORT

STUCK_AFTER_SECONDS = 300.0
"""No look takes this long: all that it waits for has a time limit."""

_TakeNote = Callable[[Mapping[str, Any]], None]
_KNOWN = "known"
"""Key in kopf's memory of an object: it was shown before. Listed once more, it tells that a watch has begun anew."""

_OF_A_RUN = {identity.RUN_UID_LABEL: kopf.PRESENT}


def register(registry: kopf.OperatorRegistry, controller: Controller) -> None:
    """Register the handlers."""

    @kopf.on.login(registry=registry)
    def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
        return login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)

    @kopf.on.event(identity.GROUP, identity.VERSION, identity.PLURAL, registry=registry)
    async def run_event(event: kopf.RawEvent, memo: kopf.Memo, **_: Any) -> None:
        tell(controller, event, memo, controller.see_run, controller.lose_run)

    @kopf.on.event("batch", "v1", "jobs", labels=_OF_A_RUN, registry=registry)
    async def job_event(event: kopf.RawEvent, memo: kopf.Memo, **_: Any) -> None:
        tell(controller, event, memo, controller.see_job, controller.lose_job)

    @kopf.on.event("", "v1", "pods", labels=_OF_A_RUN, registry=registry)
    async def pod_event(event: kopf.RawEvent, memo: kopf.Memo, **_: Any) -> None:
        tell(controller, event, memo, controller.see_pod, controller.lose_pod)

    @kopf.on.cleanup(registry=registry)
    async def stop(**_: Any) -> None:
        # Else kopf takes the tasks of runs for its own that hang, and gives them 5 s.
        await controller.stop()

    @kopf.on.probe(id="activeRuns", registry=registry)
    async def active_runs(**_: Any) -> int:
        return controller.active_runs

    @kopf.on.probe(id="longestLookSeconds", registry=registry)
    async def longest_look_seconds(**_: Any) -> float:
        seconds = controller.longest_look_seconds
        if seconds > STUCK_AFTER_SECONDS:
            raise kopf.PermanentError(f"a run has been looked at for {seconds:.0f} s: something hangs")
        return round(seconds, 1)


def tell(controller: Controller, event: kopf.RawEvent, memo: kopf.Memo, see: _TakeNote, lose: _TakeNote) -> None:
    """Tell the controller of an object that is there or that went; and of a watch that has begun anew.

    Args:
        controller: of the runs.
        event: of one object.
        memo: kopf's memory of that object.
        see: is told of an object that is there.
        lose: is told of one that went.
    """
    found = event["object"]
    if event["type"] == "DELETED":
        lose(found)
        return
    see(found)
    if event["type"] is None and _KNOWN in memo:
        controller.read_all_again()
    memo[_KNOWN] = True


def login_with_service_account(**kwargs: Any) -> kopf.ConnectionInfo | None:
    """Return what the pod's service account is, if there is one, for the address that the kubelet gives to every pod.

    Kopf's own has the name of the API server in the cluster's DNS, which the rest of the operator does without.
    """
    found = kopf.login_with_service_account(**kwargs)
    if found is None or SERVICE_HOST not in os.environ:
        return found
    host, port = os.environ[SERVICE_HOST], os.environ[SERVICE_PORT]
    return replace(found, server=f"https://{f'[{host}]' if ':' in host else host}:{port}")
