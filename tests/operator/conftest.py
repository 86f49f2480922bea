from hypothesis import settings

# How long an example takes says nothing about a law, and a busy machine takes its time.
settings.register_profile("operator", deadline=None)
settings.load_profile("operator")
