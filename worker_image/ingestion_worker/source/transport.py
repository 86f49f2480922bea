"""How yt-dlp reaches the network here: by one handler, which keeps the address rules and bounds every answer.

What yt-dlp would reach otherwise (its other handlers, ffmpeg, rtmpdump, websockets) is left out, since none of those
asks the rules.
"""

from __future__ import annotations

import socket
import zlib
from collections.abc import Callable
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, responses
from typing import Any
from urllib.parse import urlsplit
from urllib.request import (
    HTTPCookieProcessor,
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    OpenerDirector,
    Request,
    UnknownHandler,
)

from yt_dlp.networking._helper import _socket_connect, create_connection
from yt_dlp.networking._urllib import (
    HTTPHandler,
    ProxyHandler,
    RedirectHandler,
    UrllibResponseAdapter,
    UrllibRH,
    handle_response_read_exceptions,
)
from yt_dlp.networking.exceptions import HTTPError, IncompleteRead, RequestError, TransportError

from ingestion_worker.media.errors import MediaError
from ingestion_worker.source.addresses import AddressRules
from ingestion_worker.source.allowance import Allowance, TooSlow

_READ_BYTES = 2**16
_GZIP = zlib.MAX_WBITS | 16


class GuardedRH(UrllibRH):  # type: ignore[misc]
    """yt-dlp's own handler for http and https, under the rules.

    Args:
        failed: is told of an error while an answer is read.
    """

    _SUPPORTED_URL_SCHEMES = ("http", "https")

    def __init__(
        self,
        *,
        rules: AddressRules,
        allowance: Allowance,
        page_bytes: int,
        failed: Callable[[RequestError], None],
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._rules = rules
        self._allowance = allowance
        self._bounded = partial(BoundedResponse, allowance=allowance, page_bytes=page_bytes, failed=failed)

    def _create_instance(
        self, proxies: dict[str, str], cookiejar: Any, legacy_ssl_support: bool | None = None
    ) -> OpenerDirector:
        opener = OpenerDirector()
        for handler in (
            ProxyHandler(proxies),
            _GuardedHandler(
                self._rules, self._allowance, context=self._make_sslcontext(legacy_ssl_support=legacy_ssl_support)
            ),
            HTTPCookieProcessor(cookiejar),
            UnknownHandler(),
            HTTPDefaultErrorHandler(),
            HTTPErrorProcessor(),
            RedirectHandler(),
        ):
            opener.add_handler(handler)
        opener.addheaders = []
        return opener

    def _prepare_headers(self, _request: object, headers: dict[str, str]) -> None:
        headers.setdefault("Accept-Encoding", "gzip")

    def _send(self, request: Any) -> UrllibResponseAdapter:
        try:
            return self._bounded(super()._send(request))
        except HTTPError as error:
            # Anew, since its message has the server's own phrase, which may hold what the server was asked with.
            raise HTTPError(self._bounded(error.response), error.redirect_loop) from None


class _GuardedHandler(HTTPHandler):  # type: ignore[misc]
    """Connects to what the rules allow, decided on the address that a name resolves to, for redirects as well."""

    def __init__(self, rules: AddressRules, allowance: Allowance, context: Any) -> None:
        super().__init__(context=context)
        self._rules = rules
        self._allowance = allowance

    def http_open(self, req: Request) -> Any:
        return self.do_open(self._connection(req, HTTPConnection), req)

    def https_open(self, req: Request) -> Any:
        return self.do_open(self._connection(req, HTTPSConnection), req, context=self._context)

    def http_response(self, req: Request, resp: HTTPResponse) -> Any:
        """Leave the body as it is: yt-dlp would unpack it at once, whatever its size."""
        encodings = resp.headers.get_all("Content-Encoding", [])
        del resp.headers["Content-Encoding"]
        answer = super().http_response(req, resp)
        for encoding in encodings:
            answer.headers["Content-Encoding"] = encoding
        return answer

    https_response = http_response

    def _connection(self, req: Request, base: type[HTTPConnection]) -> type[HTTPConnection]:
        rules, allowance = self._rules, self._allowance
        proxied = _is_proxied(req)
        if proxied:
            _check_literal(rules, urlsplit(req.full_url).hostname or "")

        class Connection(self._make_conn_class(base, req)):  # type: ignore[misc]
            def __init__(self, *args: Any, **options: Any) -> None:
                super().__init__(*args, **options)
                if not proxied:
                    check = partial(_checked_connect, rules, self.host)
                    self._create_connection = partial(create_connection, _create_socket_func=check)

            def connect(self) -> None:
                super().connect()
                allowance.watch(self.sock)

        return Connection


def _is_proxied(req: Request) -> bool:
    """Return whether a request goes to a proxy, which the administrator has named, and so allowed."""
    return req.has_proxy() or bool(getattr(req, "_tunnel_host", None)) or "Ytdl-socks-proxy" in req.headers


def _check_literal(rules: AddressRules, host: str) -> None:
    """Check a host that is written as an address: what names lead to is the proxy's to find out, and to refuse."""
    if host.rstrip(".").endswith("localhost"):
        host = "127.0.0.1"
    try:
        address = host if ":" in host else socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return
    rules.check_address(host, address)


def _checked_connect(rules: AddressRules, host: str, found: Any, timeout: Any, source_address: Any) -> socket.socket:
    rules.check_address(host, found[4][0])
    connected: socket.socket = _socket_connect(found, timeout, source_address)
    return connected


class BoundedResponse(UrllibResponseAdapter):  # type: ignore[misc]
    """An answer that is unpacked as it is read, and that ends where the allowance does.

    Read as a whole it is held in memory, and may have at most `page_bytes`.
    """

    def __init__(
        self,
        answer: UrllibResponseAdapter,
        allowance: Allowance,
        page_bytes: int,
        failed: Callable[[RequestError], None],
    ) -> None:
        super().__init__(answer.fp)
        self.reason = responses.get(answer.status, "")
        self._answer = answer  # which closes the connection once nobody holds it
        self._allowance = allowance
        self._failed = failed
        self._page_bytes = page_bytes
        packed = answer.headers.get("Content-Encoding", "").strip().lower() in ("gzip", "x-gzip")
        self._unpacker = zlib.decompressobj(_GZIP) if packed else None

    def read(self, amt: int | None = None) -> bytes:
        """Return up to `amt` bytes, or all.

        Raises:
            TransportError: the connection broke, ended too early, or was too slow.
            MediaError: `TooLarge`.
        """
        if self.closed:
            return b""
        most = self._page_bytes + 1 if amt is None else amt
        try:
            data = self._plain(most) if self._unpacker is None else self._unpacked(most)
            self._allowance.take(len(data))
        except (OSError, HTTPException, EOFError, zlib.error, TransportError) as error:
            told = self._told(error)
            self._failed(told)
            raise told from error
        if amt is None and len(data) == most:
            raise MediaError("TooLarge", f"the source sends a page of more than {self._page_bytes} bytes")
        if not data:
            self.close()
        return data

    def _told(self, error: Exception) -> RequestError:
        """Return what ended a read in yt-dlp's words; a connection that was cut has been too slow."""
        try:
            self._allowance.check_time()
            handle_response_read_exceptions(error)
        except TooSlow as too_slow:
            return TransportError(cause=too_slow)
        except RequestError as told:
            return told
        return error if isinstance(error, RequestError) else TransportError(cause=error)

    def _plain(self, most: int) -> bytes:
        data: bytes = self.fp.read(most)
        missing = self.fp.length
        if len(data) < most and missing:
            raise IncompleteRead(partial=len(data), expected=missing)
        return data

    def _unpacked(self, most: int) -> bytes:
        assert self._unpacker is not None
        parts = []
        while most > 0 and not self._unpacker.eof:
            packed = self._unpacker.unconsumed_tail or self._plain(_READ_BYTES)
            if not packed:
                raise EOFError("the packed answer ends too early")
            parts.append(self._unpacker.decompress(packed, most))
            most -= len(parts[-1])
        return b"".join(parts)
