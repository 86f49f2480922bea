"""The control law in a contest: the real decision and the real governor law, against simulated GPUs and other laws.

`physics` has the numbers and `families` the scenarios; both, and the lengths of the runs, were fixed before the law was
tuned. The world: `device` and `rates` (memory and time of a GPU), `worker`, `job_controller`, `kubelet`, `scraper`, and
the loop over their events, `world`. Who acts in it: `operator` with one of the laws in `contestants`. What it is
measured against: `static_oracle` and `clairvoyant`. What comes of it: `contest`, `figures`, `goals`, `page`, `plot`.
"""
