"""Which addresses may be asked, wherever they come from: a list, a redirect, a page, captions, a name that changes."""

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yt_dlp.utils import DownloadError

from ingestion_contract import pod
from ingestion_contract.records import Video
from ingestion_contract.spec import Source
from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.media.errors import MediaError
from ingestion_worker.source.addresses import AddressRefused, AddressRules
from ingestion_worker.source.failures import Failure, Verdict, classify
from ingestion_worker.source.fetch import FetchedAudio, Fetcher
from ingestion_worker.source.listing import list_videos
from tests.worker.support.http_source import LOOPBACK, Answer, HttpSource, page

pytestmark = pytest.mark.usefixtures("quick_retries")

REFUSED = Failure(Verdict.PERMANENT, "AddressRefused")


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.9.9.9", "loopback"),
        ("::1", "loopback"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("192.168.1.1", "private"),
        ("fd12:3456::1", "private"),
        ("fec0::1", "private"),
        ("169.254.1.1", "link-local"),
        ("fe80::1", "link-local"),
        ("169.254.169.254", "metadata"),
        ("fd00:ec2::254", "metadata"),
        ("100.100.100.200", "metadata"),
        ("168.63.129.16", "metadata"),
        ("100.64.0.1", "internal"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("240.0.0.1", "private|reserved"),
        ("255.255.255.255", "private|reserved"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:169.254.169.254", "metadata"),
        ("64:ff9b::a01:203", "private"),
        ("2002:7f00:1::", "loopback"),
        ("::7f00:1", "reserved"),
    ],
)
def test_what_is_not_public_is_refused_with_what_it_is_and_how_to_allow_it(address: str, kind: str) -> None:
    with pytest.raises(AddressRefused, match=rf"talks\.example \({address}\) is .*({kind}).*--allow-network .+/\d+"):
        AddressRules().check_address("talks.example", address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::5db8:d70e", "::ffff:8.8.8.8"])
def test_public_addresses_may_be_asked(address: str) -> None:
    AddressRules().check_address("talks.example", address)


def is_refused(address: IPv4Address | IPv6Address) -> bool:
    try:
        AddressRules().check_address("talks.example", str(address))
    except AddressRefused:
        return True
    return False


@given(st.one_of(st.ip_addresses(v=4), st.sampled_from([IPv4Address("10.0.0.1"), IPv4Address("127.0.0.1")])))
def test_an_ipv4_address_inside_an_ipv6_one_is_judged_alike(address: IPv4Address) -> None:
    number = int(address)
    mapped, nat64, sixtofour = (0xFFFF << 32) | number, (0x64FF9B << 96) | number, (0x2002 << 112) | (number << 80)
    assert {is_refused(IPv6Address(form)) for form in (mapped, nat64, sixtofour)} == {is_refused(address)}


def test_a_network_that_is_allowed_may_be_asked_and_no_other() -> None:
    rules = AddressRules.parse(["10.1.0.0/16", "fd00::/8"], [])
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd12::1"):
        rules.check_address("talks.example", address)
    with pytest.raises(AddressRefused):
        rules.check_address("talks.example", "10.2.0.1")


def test_rules_that_cannot_be_read_are_refused() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/8"):
        AddressRules.parse(["10.0.0.1/8"], [])
    with pytest.raises(ValueError, match="talks is no absolute path"):
        AddressRules.parse([], ["talks"])


@pytest.fixture
def elsewhere() -> Iterator[HttpSource]:
    """A server on an address that the rules do not allow."""
    with HttpSource("127.0.0.2") as server:
        yield server


def fetch(url: str, folder: Path, rules: AddressRules = LOOPBACK, **source: Any) -> Any:
    fetcher = Fetcher(Source(urls=["http://unused"], **source), folder, None, rules)
    return fetcher.fetch(Video(id="test:1", url=url))


def refusal(url: str, folder: Path, rules: AddressRules = LOOPBACK, **source: Any) -> str:
    """What is said where a fetch is refused."""
    with pytest.raises(Exception, match="--allow-network") as caught:
        fetch(url, folder, rules, **source)
    assert classify(caught.value) == REFUSED
    return str(caught.value)


MEDIA = Answer(b"OggS not really", kind="audio/ogg")


def test_an_address_that_is_not_allowed_is_never_connected_to(elsewhere: HttpSource, tmp_path: Path) -> None:
    message = refusal(elsewhere.set("/talk.ogg", MEDIA), tmp_path)
    assert "127.0.0.2 is a loopback address" in message
    assert "--allow-network 127.0.0.2/32" in message
    assert elsewhere.asked.total() == 0


def test_a_redirect_is_under_the_rules(source: HttpSource, elsewhere: HttpSource, tmp_path: Path) -> None:
    away = Answer(status=302, headers={"Location": elsewhere.set("/talk.ogg", MEDIA)})
    refusal(source.set("/talk.ogg", away), tmp_path)
    twice = Answer(status=301, headers={"Location": f"{source.url}/talk.ogg"})
    refusal(source.set("/again.ogg", twice), tmp_path)
    assert elsewhere.asked.total() == 0


def test_a_redirect_to_what_is_allowed_is_followed(source: HttpSource, tmp_path: Path) -> None:
    there = Answer(status=302, headers={"Location": source.set("/there.ogg", MEDIA)})
    assert isinstance(fetch(source.set("/talk.ogg", there), tmp_path), FetchedAudio)


def test_a_redirect_to_a_file_is_not_followed(source: HttpSource, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    url = source.set("/talk.ogg", Answer(status=302, headers={"Location": secret.as_uri()}))
    with pytest.raises(DownloadError, match="HTTP Error 302"):
        fetch(url, tmp_path)


def test_the_media_of_a_page_are_under_the_rules(source: HttpSource, elsewhere: HttpSource, tmp_path: Path) -> None:
    url = source.set("/watch.html", page(elsewhere.set("/talk.ogg", MEDIA)))
    refusal(url, tmp_path)
    assert elsewhere.asked.total() == 0


def test_the_parts_of_a_stream_are_under_the_rules(source: HttpSource, elsewhere: HttpSource, tmp_path: Path) -> None:
    part = elsewhere.set("/1.ts", Answer(b"\x47" * 188, kind="video/mp2t"))
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:9", "#EXTINF:9,", part, "#EXT-X-ENDLIST"]
    url = source.set("/talk.m3u8", Answer("\n".join(lines).encode(), kind="application/vnd.apple.mpegurl"))
    refusal(url, tmp_path)
    assert elsewhere.asked.total() == 0


def test_captions_are_under_the_rules(source: HttpSource, elsewhere: HttpSource, tmp_path: Path) -> None:
    text = elsewhere.set("/talk.vtt", Answer(b"WEBVTT\n\n00:00.000 --> 00:02.500\nall of it\n", kind="text/vtt"))
    url = source.set("/watch.html", page(source.set("/talk.ogg", MEDIA), text))
    assert isinstance(fetch(url, tmp_path), FetchedAudio), "no captions, then"
    assert elsewhere.asked.total() == 0


def test_a_name_is_judged_by_what_it_resolves_to_when_it_is_connected_to(
    source: HttpSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads to a public address when it is looked up first, and to a private one after that."""
    port = int(source.url.rpartition(":")[2])
    source.set("/talk.ogg", MEDIA)
    answers = iter(["127.0.0.1", "169.254.169.254"])

    def resolve(_host: str, _port: int, *_more: object, **_options: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    message = refusal("http://talks.example/talk.ogg", tmp_path)
    assert "talks.example (169.254.169.254) is a cloud's metadata address" in message
    assert source.asked.total() == 1


def test_where_a_name_has_several_addresses_those_that_are_allowed_are_used(
    source: HttpSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(source.url.rpartition(":")[2])
    source.set("/talk.ogg", MEDIA)
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("10.0.0.1", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert isinstance(fetch("http://talks.example/talk.ogg", tmp_path), FetchedAudio)


def test_the_proxy_of_the_environment_is_the_administrators_word(
    source: HttpSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a name leads to is the proxy's to decide; an address that is written out is not passed on to it."""
    monkeypatch.setenv("http_proxy", source.url)
    monkeypatch.setenv("no_proxy", "")
    source.answers["http://talks.example/talk.ogg"] = [MEDIA]
    assert isinstance(fetch("http://talks.example/talk.ogg", tmp_path, AddressRules()), FetchedAudio)
    asked = source.asked.total()
    for host in ("169.254.169.254", "10.0.0.1", "0x7f.1", "2130706433", "[::1]", "localhost"):
        refusal(f"http://{host}/talk.ogg", tmp_path, AddressRules())
    assert source.asked.total() == asked


@pytest.mark.parametrize("spelling", ["hTTp_proxy", "HTTP_proxy", "All_Proxy"])
def test_a_proxy_in_a_spelling_that_the_operator_does_not_set_is_none(
    source: HttpSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    """As a Secret may have it, beside the two spellings that the operator has set to nothing."""
    for name in pod.PROXIES:
        monkeypatch.setenv(name, "")
        monkeypatch.setenv(name.upper(), "")
    monkeypatch.setenv(spelling, source.url)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, 1, 6, "", ("10.0.0.1", 80))])
    assert "10.0.0.1" in refusal("http://talks.example/talk.ogg", tmp_path, AddressRules())
    assert source.asked.total() == 0


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/talk.ogg", "gopher://127.0.0.1/talk.ogg", "data://talk.ogg"])
def test_other_schemes_are_not_read(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"only those with https, http, s3, gs, file"):
        list_videos([url], None, None, LOOPBACK)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "s3://bucket/secret.mp4", "ftp://127.0.0.1/talk.ogg"])
def test_a_list_on_the_web_does_not_lead_away_from_it(source: HttpSource, url: str) -> None:
    there = f"{source.url}/talk.html"
    videos = list_videos([source.feed([url, there])], None, None, AddressRules(LOOPBACK.networks, (Path("/"),)))
    assert [video.url for video in videos] == [there]


def test_a_list_at_an_address_that_is_not_allowed_is_said_so(elsewhere: HttpSource, source: HttpSource) -> None:
    refused = elsewhere.feed([f"{source.url}/a.html"])
    with pytest.raises(ConfigurationError, match=r"127\.0\.0\.2 is a loopback address.*--allow-network"):
        list_videos([refused], None, None, LOOPBACK)
    beside = list_videos([refused, source.feed([f"{source.url}/a.html"])], None, None, LOOPBACK)
    assert [video.url for video in beside] == [refused, f"{source.url}/a.html"], "to be skipped with its reason"
    assert elsewhere.asked.total() == 0


def test_streams_that_only_another_program_reads_are_not_read(source: HttpSource, tmp_path: Path) -> None:
    """Such a program (ffmpeg, rtmpdump) would ask no rules."""
    encrypted = [
        "#EXTM3U",
        "#EXT-X-TARGETDURATION:9",
        "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=x",
        "#EXTINF:9,",
        "1.ts",
        "#EXT-X-ENDLIST",
    ]
    url = source.set("/talk.m3u8", Answer("\n".join(encrypted).encode(), kind="application/vnd.apple.mpegurl"))
    with pytest.raises(Exception, match="ffmpeg could not be found") as caught:
        fetch(url, tmp_path)
    assert classify(caught.value) == Failure(Verdict.PERMANENT, "Unsupported")
    live = source.set("/live.html", page("rtmp://127.0.0.1/live"))
    with pytest.raises(MediaError, match="protocol rtmp"):
        fetch(live, tmp_path)


def test_rules_hold_for_networks_given_as_text() -> None:
    assert AddressRules.parse(["127.0.0.1/32"], []).networks == (ip_network("127.0.0.1/32"),)
