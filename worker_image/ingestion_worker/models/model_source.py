"""Where a model comes from, a folder or the hub, and what is wrong when it does not come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingestion_worker.conclusion import ConfigurationError, ModelUnavailable
from ingestion_worker.device import errors

NOT_FOUND = "ModelNotFound"


def check_path(field: str, model: str) -> None:
    """Check that a model that is named by its path, rather than by its name on the hub, is there.

    Args:
        field: where the run names the model.
        model: its name.

    Raises:
        ConfigurationError: it is not.
    """
    if _is_path(model) and not Path(model).is_dir():
        raise ConfigurationError(
            f"{field} names {model}, which is no folder in this pod: correct the path, or put the model there through "
            "spec.workers.modelCache",
            reason=NOT_FOUND,
        )


@contextmanager
def model_errors(field: str, model: str) -> Iterator[None]:
    """Say in one sentence why a model does not load, if that is the model's or the hub's fault; other errors pass.

    A hub that does not answer may answer later, and nobody knows whether the name is right: that is tried again.

    Args:
        field: where the run names the model.
        model: its name.

    Raises:
        ConfigurationError: there is no such model, or what is there is none.
        ModelUnavailable: the hub does not answer.
    """
    try:
        yield
    except (RuntimeError, ValueError, OSError) as error:
        if errors.classify(error) is None:
            _raise_in_one_sentence(f"{field} names {model}", model, error)
        raise


def _raise_in_one_sentence(subject: str, model: str, error: Exception) -> None:
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    def caused_by(*types: type[Exception]) -> bool:
        return any(isinstance(cause, types) for cause in _causes(error))

    if caused_by(GatedRepoError):
        raise ConfigurationError(
            f"{subject}, which the hub gives only to whom its owner has admitted: set HF_TOKEN in the worker's "
            "environment, or name another model",
            reason=NOT_FOUND,
        ) from error
    unknown = caused_by(HFValidationError, RepositoryNotFoundError)
    if not unknown and caused_by(LocalEntryNotFoundError, HfHubHTTPError, ConnectionError, TimeoutError):
        raise ModelUnavailable(
            f"{subject}, which is not in the model cache, and the hub does not answer: check the name and the network, "
            "or name a path below /ingestion/models and fill that through spec.workers.modelCache"
        ) from error
    if unknown or _is_path(model) or isinstance(error, ValueError) or "in model '" in str(error):
        raise ConfigurationError(
            f"{subject}, which is no model that can be loaded: {' '.join(str(error).split())}; correct the name",
            reason=NOT_FOUND,
        ) from error


def _is_path(model: str) -> bool:
    return model.startswith(("/", "./", "../"))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
