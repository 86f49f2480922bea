"""Which addresses may be asked for videos: public ones, and what the administrator allows beside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from ingestion_contract import pod
from ingestion_worker.media.errors import MediaError
from ingestion_worker.text.words import encodable

SCHEMES = ("https", "http", "s3", "gs", "file")
"""What a URL of `spec.source.urls` may begin with."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_METADATA: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "169.254.169.254/32",
        "fd00:ec2::254/128",
        "fd20:ce::254/128",
        "100.100.100.200/32",
        "168.63.129.16/32",
    )
)
"""Where clouds answer a machine about itself; Azure's (168.63.129.16) looks like a public address."""

_SHARED = ip_network("100.64.0.0/10")
"""Between a provider and its customers, RFC 6598."""

_NAT64 = ip_network("64:ff9b::/96")
"""IPv4 addresses as seen from networks with IPv6 only, RFC 6052."""


class AddressRefused(OSError):
    """The rules do not allow an address. The message names it, and the option that would."""


@dataclass(frozen=True)
class AddressRules:
    """What is allowed beside public addresses: networks, and folders below which files may be read."""

    networks: tuple[Network, ...] = ()
    folders: tuple[Path, ...] = ()

    @classmethod
    def parse(cls, networks: Iterable[str], folders: Iterable[str]) -> Self:
        """Return the rules with these networks as CIDRs, and these folders.

        Raises:
            ValueError: one is no network, or a folder's path is not absolute.
        """
        allowed = tuple(ip_network(network) for network in networks)
        paths = tuple(Path(folder) for folder in folders)
        for path in paths:
            if not path.is_absolute():
                raise ValueError(f"{path} is no absolute path")
        return cls(allowed, paths)

    def check_address(self, host: str, address: str) -> None:
        """Check an address that a host's name has resolved to, right before it is connected to.

        Raises:
            AddressRefused: it is not public, and no network allows it.
        """
        found = ip_address(address)
        meant = _meant(found)
        kind = _kind(meant)
        if kind is None or any(one in network for one in (found, meant) for network in self.networks):
            return
        where = host if host == address else f"{host} ({address})"
        raise AddressRefused(
            f"{where} is {kind}, which is not asked: if it is to be, allow it with --allow-network "
            f"{ip_network(meant)} or {pod.ALLOW_NETWORKS}"
        )

    def check_file(self, path: Path) -> Path:
        """Return where a file, or a folder, really lies, links followed.

        Raises:
            AddressRefused: it does not lie below a folder that is allowed.
        """
        real = path.resolve()
        if any(real.is_relative_to(folder.resolve()) for folder in self.folders):
            return real
        led = "" if real == path else f", which leads to {real},"
        raise AddressRefused(
            f"{path}{led} is below no folder that is allowed: name one with --allow-folder or {pod.ALLOW_FOLDERS}"
        )


def check_url(url: str) -> None:
    """Check how a URL is written, and what it begins with; what has no scheme, as a search of yt-dlp's, may be so.

    Raises:
        AddressRefused: videos are not fetched by that scheme.
        MediaError: `Unsupported`, it is malformed.
    """
    try:
        url.encode()
        parts = urlsplit(url)
        if "\0" in url:
            raise ValueError("it holds a NUL")
        if parts.scheme in ("http", "https"):
            _check_host(parts.hostname, parts.port)
    except ValueError as error:
        raise MediaError("Unsupported", f"{encodable(url)!r} is no valid URL: {error}") from error
    scheme, separator, _ = url.partition("://")
    if separator and scheme.lower() not in SCHEMES:
        raise AddressRefused(f"{url}: URLs with {scheme}:// are not read, only those with {', '.join(SCHEMES)}")


def _check_host(host: str | None, port: int | None) -> None:
    """Check a host as the sockets' library takes it; to ask for a port is what checks that it is one.

    Raises:
        ValueError: it is none.
    """
    if not host or port == 0:
        raise ValueError("it names no host, or no port")
    host.encode("idna")
    if any(character.isspace() or not character.isprintable() for character in host):
        raise ValueError("its host has blanks or control characters in it")


def _meant(address: Address) -> Address:
    """Return the IPv4 address inside an IPv6 one that stands for it, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _kind(address: Address) -> str | None:
    """Return what kind of address is not public; None for one that is."""
    if any(address in network for network in _METADATA):
        return "a cloud's metadata address"
    if address.is_unspecified:
        return "the unspecified address"
    if address.is_loopback:
        return "a loopback address"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast:
        return "a multicast address"
    if address in _SHARED:
        return "a provider's internal address"
    if address.is_private or (isinstance(address, IPv6Address) and address.is_site_local):
        return "a private address"
    if address.is_reserved or not address.is_global:
        return "a reserved address"
    return None
