"""The report of a run: one page of HTML that needs nothing else."""

from ingestion_worker.report.write import write

__all__ = ["write"]
