"""A loopback address of its own for each pod."""

import ipaddress
import random

_FIRST = int(ipaddress.IPv4Address("127.16.0.1"))
_LAST = int(ipaddress.IPv4Address("127.31.255.254"))


class AddressPool:
    """Gives out 127.16.0.1 to 127.31.255.254 in turn, so that an address given back rests for long.

    It begins anywhere: another cluster on this machine has the same range.
    """

    def __init__(self) -> None:
        self._next = random.randint(_FIRST, _LAST)
        self._taken: set[int] = set()

    def take(self) -> str:
        """Return an address that no one holds."""
        while self._next in self._taken:
            self._advance()
        address = self._next
        self._taken.add(address)
        self._advance()
        return str(ipaddress.IPv4Address(address))

    def give_back(self, address: str) -> None:
        """Let the address be given out again."""
        self._taken.discard(int(ipaddress.IPv4Address(address)))

    def _advance(self) -> None:
        self._next = self._next + 1 if self._next < _LAST else _FIRST
