"""Credentials in a pod: the keys of a Secret, of which those that are known become variables that libraries read."""

from __future__ import annotations

from collections.abc import MutableMapping

from ingestion_contract.pod import CREDENTIAL_PREFIX, CREDENTIALS


def take(environment: MutableMapping[str, str]) -> list[str]:
    """Give the known keys of the Secret their own names in the environment, and take all of them out of it otherwise.

    Before libraries are imported, some of which read the environment once.

    Returns:
        The keys that are not known, and so passed over, sorted.
    """
    found = {
        name.removeprefix(CREDENTIAL_PREFIX): environment.pop(name)
        for name in list(environment)
        if name.startswith(CREDENTIAL_PREFIX)
    }
    environment.update({name: value for name, value in found.items() if name in CREDENTIALS})
    return sorted(found.keys() - set(CREDENTIALS))
