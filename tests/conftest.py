"""For all tests."""

import gc
import os

from hypothesis import Phase, settings

# How long an example takes says nothing about a law, and a busy machine takes its time.
settings.register_profile("no-deadline", deadline=None)
# `make hostile` asks for more. What it finds is told as it was found: to shrink a manifest takes thousands of requests.
settings.register_profile(
    "hostile",
    deadline=None,
    max_examples=int(os.environ.get("HOSTILE_EXAMPLES", "2000")),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    print_blob=True,
)
settings.load_profile("no-deadline")


def pytest_collection_finish() -> None:
    # What was imported stays. The worker collects garbage when it lacks memory, and would look through all of it.
    gc.freeze()


def pytest_sessionfinish() -> None:
    gc.unfreeze()  # else libraries find that the interpreter, at its end, has not collected what is theirs
