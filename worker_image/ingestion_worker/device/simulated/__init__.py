"""A simulated GPU: memory and time in a ledger that the processes of a machine share. See `physics` for its numbers."""

from ingestion_worker.device.simulated.ledger import (
    Conditions,
    ProcessUsage,
    SimulatedOutOfMemory,
    Usage,
    add_neighbour,
    create,
    remove_neighbour,
    usage,
)

__all__ = [
    "Conditions",
    "ProcessUsage",
    "SimulatedOutOfMemory",
    "Usage",
    "add_neighbour",
    "create",
    "remove_neighbour",
    "usage",
]
