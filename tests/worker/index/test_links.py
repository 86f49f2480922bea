"""Links into the middle of a video."""

import pytest

from ingestion_worker.index.links import deep_link


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://www.youtube.com/watch?v=abc", "https://www.youtube.com/watch?v=abc&t=83s"),
        ("https://www.youtube.com/watch?v=abc&t=5s&list=x", "https://www.youtube.com/watch?v=abc&list=x&t=83s"),
        ("https://m.youtube.com/watch?v=a%26b#x", "https://m.youtube.com/watch?v=a%26b&t=83s"),
        ("https://youtu.be/abc", "https://youtu.be/abc?t=83"),
        ("https://www.twitch.tv/videos/12", "https://www.twitch.tv/videos/12?t=83s"),
        ("https://www.dailymotion.com/video/x1", "https://www.dailymotion.com/video/x1?start=83"),
        ("https://vimeo.com/12", "https://vimeo.com/12#t=83"),
        ("https://example.org/talk.mp4?x=1", "https://example.org/talk.mp4?x=1#t=83"),
        ("https://example.org/talk.mp4#t=5", "https://example.org/talk.mp4#t=83"),
        ("https://notyoutube.com/watch?v=abc", "https://notyoutube.com/watch?v=abc#t=83"),
        ("file:///media/a%20talk.mp4", "file:///media/a%20talk.mp4#t=83"),
        ("s3://bucket/talk.mp4", "s3://bucket/talk.mp4#t=83"),
    ],
)
def test_a_link_leads_to_the_second(url: str, link: str) -> None:
    assert deep_link(url, 83.9) == link
