"""What each worker may use of its device: an equal share of what others leave under the target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ingestion_contract.limits import MAX_DEVICE_BUDGETS, Limits
from ingestion_operator.decision.situation import Gpu, Situation

DEAD_BAND_PERCENT = 2
"""Of the device: a share that differs by less because of what others hold is the same share."""


def decide_budgets(situation: Situation, parallelism: int, percent: int, present: Limits) -> Limits:
    """Return the limits with the budgets that belong to so many workers: the usual one, and those that differ.

    While workers that are too many are on their way out, all stay as they are: a larger one would be taken from them.

    Args:
        situation: what is known.
        parallelism: workers that are wanted.
        percent: of an equal part of the target, what each worker may use.
        present: the limits until now.
    """
    floor, gpus = situation.floor, situation.gpus
    if floor is None or not gpus or parallelism == 0 or len(situation.active) > parallelism:
        return present
    found = {gpu.uuid: _budget(situation, gpu, floor, parallelism, percent, present) for gpu in gpus}
    known = {uuid: budget for uuid, budget in found.items() if budget is not None}
    if len(known) < len(found):
        return present
    usual = _most_common(known)
    if present.budget_bytes is not None and not situation.neighbours_known:
        # Devices that are not heard now have the usual budget, too, unless they are named.
        usual = min(usual, present.budget_bytes)
    heard = {gpu.uuid: known[gpu.uuid] for gpu in gpus if _differs(gpu, known[gpu.uuid], usual)}
    silent = {uuid: budget for uuid, budget in present.device_budgets.items() if uuid not in found}
    if parallelism > situation.wanted:
        silent = {uuid: min(budget, usual) for uuid, budget in silent.items()}
    return present.model_copy(update=_as_limits(usual, heard, silent))


def _budget(situation: Situation, gpu: Gpu, floor: int, parallelism: int, percent: int, limits: Limits) -> int | None:
    """Return each worker's share of a device, at least the floor; None as long as none was given, nor can be yet.

    While more workers are wanted than fit, it stays as it is, since a smaller one would be below the floor and stop the
    work; on one of several devices, only while more are there.
    """
    present = limits.on(gpu.uuid).budget_bytes
    target = situation.memory.target_percent
    on_each = 1 if situation.exclusive else -(-parallelism // len(situation.gpus))
    fit = max(1, gpu.fit(floor, target))
    crowd = on_each if situation.devices == 1 else min(on_each, gpu.claims)
    if crowd > fit and parallelism > situation.bounds.min:
        return present
    share = max(floor, gpu.room(target) * percent // 100 // min(on_each, fit))
    if present is None:
        return share
    if share > present and gpu.uuid not in situation.snapshot.neighbours:
        # What others hold is not known yet, which is not the same as nothing.
        return present
    if share < present and _fits_those_heard(situation, gpu, parallelism, percent, present):
        return present
    return present if gpu.neighbours and not _differs(gpu, share, present) else share


def _fits_those_heard(situation: Situation, gpu: Gpu, parallelism: int, percent: int, present: int) -> bool:
    """Return whether a worker is between two shards, while those that are heard have the room that they were given.

    It may come back on a device that no other has told of: that is known when it is heard again.
    """
    if situation.all_heard or parallelism != situation.wanted:
        return False
    return gpu.claims * present <= gpu.room(situation.memory.target_percent) * percent // 100


def _differs(gpu: Gpu, share: int, other: int) -> bool:
    return 100 * abs(share - other) > DEAD_BAND_PERCENT * gpu.total


def _most_common(budgets: Mapping[str, int]) -> int:
    """Return the budget of most devices; of two, the smaller, since workers on other devices get it, too."""
    counts = Counter(budgets.values())
    return min(counts, key=lambda budget: (-counts[budget], budget))


def _as_limits(usual: int, heard: Mapping[str, int], silent: Mapping[str, int]) -> dict[str, object]:
    """Return the budgets as the limits have them: the smallest in use are named first, and no others get more."""
    first = sorted(heard.items(), key=lambda item: (item[1], item[0]))
    then = sorted((uuid, budget) for uuid, budget in silent.items() if budget != usual)
    unnamed = (budget for _, budget in first[MAX_DEVICE_BUDGETS:])
    return {
        "budget_bytes": min([usual, *unnamed]),
        "device_budgets": dict([*first, *then][:MAX_DEVICE_BUDGETS]),
    }
