"""The founding incident's program, as it was: several processes, each with models of its own, one try per video.

A faithful copy of the pattern, and no part of the worker. It reads the same media with the same libraries; only its
device is simulated. What it does not have is the point: no batch, no budget, no turn, no second try. After each
video it does what was the fix of the day, `gc.collect()` and `torch.cuda.empty_cache()`.

One fault of the incident is left out, a missing attribute in the fallback from captions to speech recognition: it lost
videos too, and not to memory.
"""
