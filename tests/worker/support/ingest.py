"""`python -m tests.worker.support.ingest`: the command `ingest` with stand-ins for the models."""

from ingestion_worker.cli import app
from tests.worker.support.stand_ins import install


class Forever:
    """Sets what is never set back."""

    @staticmethod
    def setattr(target: object, name: str, value: object, /) -> None:
        setattr(target, name, value)


if __name__ == "__main__":
    install(Forever())
    app()
