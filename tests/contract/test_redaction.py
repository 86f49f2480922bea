"""What is secret in an address is not in the text that is shown of it; all else is."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.redaction import has_user, redacted

SECRET = "s3cr3tv4lue"

SECRETS = (
    f"https://user:{SECRET}@host.example/talk.mp4",
    f"https://{SECRET}@host.example/talk.mp4",
    f"http://user:pa@{SECRET}@host.example:8080/",
    f"http://user:pa/{SECRET}@host.example/",
    f"s3://key:{SECRET}@bucket/prefix",
    f"https://host.example/talk.mp4?sig={SECRET}",
    f"https://host.example/talk.mp4?a=1&token={SECRET}&b=2",
    f"https://host.example/talk.mp4?X-Amz-Credential={SECRET}&X-Amz-Signature={SECRET}&X-Amz-Security-Token={SECRET}",
    f"https://host.example/talk.mp4?X-Goog-Signature={SECRET}&GoogleAccessId={SECRET}",
    f"https://host.example/talk.mp4?AWSAccessKeyId={SECRET}&Signature={SECRET}",
    f"https://host.example/talk.mp4?sv=2026&se=2026&sr=b&sig={SECRET}",
    f"https://host.example/talk.mp4?Policy={SECRET}&Key-Pair-Id={SECRET}",
    f"https://host.example/talk.mp4?hdnts={SECRET}",
    f"https://host.example/talk.mp4?api_key={SECRET};apikey={SECRET}",
    f"https://host.example/talk.mp4?ACCESS_TOKEN={SECRET}",
    f"https://host.example/talk.mp4?%73ig={SECRET}",
    f"https://host.example/#access_token={SECRET}",
    f"https://host.example/go?to={quote(f'https://u:{SECRET}@host.example/', safe='')}",
    f"https://host.example/go?to={quote(f'https://host.example/?sig={SECRET}', safe='')}",
    f"generic:talk.mp4?token={SECRET}",
    f"GET /talk.mp4?token={SECRET} answered 403",
)

HARMLESS = (
    "https://www.youtube.com/watch?v=abc&list=def&t=3s",
    "https://www.youtube.com/@channel/videos",
    "https://host.example:8080/@channel?author=me&design=4&assigned=5",
    "http://[2001:db8::1]:80/@me",
    "s3://bucket/prefix/a@b.mp4",
    "file:///data/a@b.mp4",
    "write to me@host.example, or see https://host.example/",
    "a talk: 50 % of all; key = value",
)


@pytest.mark.parametrize("text", SECRETS)
def test_what_is_secret_is_taken_out_wherever_the_address_stands(text: str) -> None:
    for sentence in (text, f"{text} does not answer: {text}", f"<{text}>", f'"{text}"', f"({text})\nand more"):
        assert SECRET not in redacted(sentence)
    assert "host.example" in redacted(text) or "host" not in text


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_not_secret_stays(text: str) -> None:
    assert redacted(text) == text


@given(st.text())
def test_any_text_is_taken_and_once_is_enough(text: str) -> None:
    once = redacted(text)
    assert redacted(once) == once


@given(st.text(alphabet=st.characters(exclude_characters="/?# @", exclude_categories=("Z", "C")), min_size=1))
def test_any_password_is_taken_out(password: str) -> None:
    url = f"https://user:\U0001f511{password}@host.example/talk"
    assert redacted(url) == "https://host.example/talk"
    assert has_user(url)


def test_a_text_that_is_made_to_take_long_does_not() -> None:
    """Patterns without a bound take time squared: minutes for these."""
    for piece in ("://a:b", "?a=%25", "://", "?a", "a"):
        assert len(redacted(piece * (2**18 // len(piece)))) <= 2**18
