"""Which embedders bring code of their own that is run."""

from __future__ import annotations

from pathlib import PurePosixPath

_REPOSITORIES = ("Alibaba-NLP/gte-Qwen2-1.5B-instruct", "Alibaba-NLP/gte-Qwen2-7B-instruct")
"""Without their code, their attention is causal and their vectors are noise."""


def runs_own_code(model: str) -> bool:
    """Return whether a model's own code is run: one of few hub repositories, or a folder with the name of one."""
    path = PurePosixPath(model)
    names = {PurePosixPath(repository).name for repository in _REPOSITORIES}
    return model in _REPOSITORIES or (path.is_absolute() and path.name in names)
