"""What the operator and the worker agree on: types, names, codes and paths. No I/O, nothing of ours imported."""
