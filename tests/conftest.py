"""For all tests."""

from hypothesis import settings

# How long an example takes says nothing about a law, and a busy machine takes its time.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")
