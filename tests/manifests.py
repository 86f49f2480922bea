"""Manifests that differ from a good one in one field."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any


def with_field(good: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    """The good manifest with one field set, named as in `spec.workers`, or removed where the value is None."""
    changed = deepcopy(dict(good))
    *parents, last = path.split(".")
    node = changed
    for parent in parents:
        node = node.setdefault(parent, {})
    if value is None:
        del node[last]
    else:
        node[last] = value
    return changed
