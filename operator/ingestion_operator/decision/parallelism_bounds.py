"""Within which bounds parallelism moves. Pure."""

from __future__ import annotations

from ingestion_contract.spec import IngestionRunSpec, Parallelism


def bounds_of(spec: IngestionRunSpec) -> Parallelism:
    """Return the bounds of a spec, with no more workers than videos per hour.

    No worker can be given less than one video per hour, so that more of them would ask the source for too many.
    """
    bounds, most = spec.workers.parallelism, spec.source.videos_per_hour
    if most is None or most >= bounds.max:
        return bounds
    return Parallelism(initial=min(bounds.initial, most), min=min(bounds.min, most), max=most)
