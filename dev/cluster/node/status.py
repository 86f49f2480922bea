"""The status of a pod, computed from the records of its containers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dev.cluster.node.api import JsonObject
from dev.cluster.node.states import KILLED, ContainerRecord, Running, State, Terminated, Waiting

HOST_ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class Verdict:
    """Why the node failed a pod, whatever its containers did."""

    reason: str
    message: str
    disruption: bool = False


def pod_status(
    pod: JsonObject,
    init_containers: Sequence[ContainerRecord],
    containers: Sequence[ContainerRecord],
    address: str,
    started_at: datetime,
    verdict: Verdict | None,
    over: bool,
) -> JsonObject:
    """Return the pod's status without conditions' transition times.

    over: nothing of the pod runs or will run again, so the phase is a final one.
    """
    phase = _phase(containers, verdict, over)
    status: JsonObject = {
        "observedGeneration": pod["metadata"].get("generation", 1),
        "phase": phase,
        "hostIP": HOST_ADDRESS,
        "hostIPs": [{"ip": HOST_ADDRESS}],
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": timestamp(started_at),
        "conditions": _conditions(phase, init_containers, containers, verdict),
        "containerStatuses": [_container_status(record) for record in containers],
    }
    if init_containers:
        status["initContainerStatuses"] = [_container_status(record) for record in init_containers]
    if verdict and over:
        status |= {"reason": verdict.reason, "message": verdict.message}
    return status


def lost_pod_status(pod: JsonObject, now: datetime) -> JsonObject:
    """Return the status of a pod whose processes went down with an earlier process of this node."""
    verdict = Verdict("NodeRestarted", "The node was restarted, and the pod's processes are gone.", disruption=True)
    gone = Terminated(KILLED, "ContainerStatusUnknown", verdict.message, now, now, "")
    old = pod["status"]
    statuses = [
        status if "terminated" in status.get("state", {}) else {**status, "state": _state(gone), "ready": False}
        for status in old.get("containerStatuses", ())
    ]
    return {
        "phase": "Failed",
        "reason": verdict.reason,
        "message": verdict.message,
        "containerStatuses": statuses,
        "conditions": _conditions("Failed", (), (), verdict),
    }


def with_transition_times(status: JsonObject, previous: JsonObject, now: datetime) -> JsonObject:
    """Give each condition the time at which it took its present value."""
    before = {condition["type"]: condition for condition in previous.get("conditions", ())}
    conditions = []
    for condition in status["conditions"]:
        old = before.get(condition["type"], {})
        unchanged = old.get("status") == condition["status"] and "lastTransitionTime" in old
        conditions.append(
            {**condition, "lastTransitionTime": old["lastTransitionTime"] if unchanged else timestamp(now)}
        )
    return {**status, "conditions": conditions}


def timestamp(moment: datetime) -> str:
    """Return a moment as Kubernetes writes it: RFC 3339, UTC, whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _phase(containers: Sequence[ContainerRecord], verdict: Verdict | None, over: bool) -> str:
    if over:
        done = all(isinstance(record.state, Terminated) and record.state.exit_code == 0 for record in containers)
        return "Succeeded" if done and verdict is None else "Failed"
    started = any(record.last or not isinstance(record.state, Waiting) for record in containers)
    return "Running" if started else "Pending"


def _conditions(
    phase: str,
    init_containers: Sequence[ContainerRecord],
    containers: Sequence[ContainerRecord],
    verdict: Verdict | None,
) -> list[JsonObject]:
    initialized = all(isinstance(init.state, Terminated) and init.state.exit_code == 0 for init in init_containers)
    unready = [record.name for record in containers if not record.ready]
    if phase in ("Succeeded", "Failed"):
        reason, message = ("PodCompleted" if phase == "Succeeded" else "PodFailed"), ""
    else:
        reason, message = "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"
    ready = phase == "Running" and not unready
    # A null removes what an earlier patch has put there.
    why: JsonObject = {"reason": None, "message": None} if ready else {"reason": reason, "message": message}
    conditions: list[JsonObject] = [
        {"type": "Initialized", "status": _bool(initialized)},
        {"type": "ContainersReady", "status": _bool(ready), **why},
        {"type": "Ready", "status": _bool(ready), **why},
    ]
    if verdict and verdict.disruption:
        conditions.append(
            {"type": "DisruptionTarget", "status": "True", "reason": verdict.reason, "message": verdict.message}
        )
    return conditions


def _container_status(record: ContainerRecord) -> JsonObject:
    status: JsonObject = {
        "name": record.name,
        "image": record.image,
        "imageID": record.image,
        "ready": record.ready,
        "started": record.started,
        "restartCount": record.restart_count,
        "state": _state(record.state),
    }
    if not isinstance(record.state, Waiting):
        status["containerID"] = record.state.container_id
    if record.last:
        status["lastState"] = _state(record.last)
    return status


def _state(state: State) -> JsonObject:
    match state:
        case Waiting():
            return {"waiting": {"reason": state.reason, "message": state.message}}
        case Running():
            return {"running": {"startedAt": timestamp(state.started_at)}}
        case Terminated():
            return {
                "terminated": {
                    "exitCode": state.exit_code,
                    "reason": state.reason,
                    "message": state.message,
                    "startedAt": timestamp(state.started_at),
                    "finishedAt": timestamp(state.finished_at),
                    "containerID": state.container_id,
                }
            }


def _bool(value: bool) -> str:
    return "True" if value else "False"
