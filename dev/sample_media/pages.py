"""What the server's texts look like: the feed (RSS 2.0), a video's page (HTML5 audio), its captions (WebVTT)."""

from collections.abc import Iterable, Mapping
from xml.etree import ElementTree

from dev.sample_media.sentences import SampleVideo
from dev.sample_media.synthesise import Clip

_ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"


def feed(url: str, sample: Iterable[SampleVideo], clips: Mapping[str, Clip]) -> str:
    """The playlist: title, link and duration of each video (yt-dlp reads that of podcasts, `itunes:duration`).

    There are no `guid`s: yt-dlp would hide them in the URL, and the last part of the URL is a stable id already.
    """
    ElementTree.register_namespace("itunes", _ITUNES)
    rss = ElementTree.Element("rss", version="2.0")
    channel = ElementTree.SubElement(rss, "channel")
    ElementTree.SubElement(channel, "title").text = "Sample videos"
    ElementTree.SubElement(channel, "link").text = url
    ElementTree.SubElement(channel, "description").text = "Sentences spoken by a machine."
    for video in sample:
        item = ElementTree.SubElement(channel, "item")
        ElementTree.SubElement(item, "title").text = title(video)
        ElementTree.SubElement(item, "link").text = f"{url}/watch/{video.id}.html"
        ElementTree.SubElement(item, f"{{{_ITUNES}}}duration").text = f"{clips[video.id].duration_s:.2f}"
    return ElementTree.tostring(rss, encoding="unicode", xml_declaration=True)


def page(video: SampleVideo) -> str:
    """The page of a video, with its captions where it has some."""
    track = f'<track kind="captions" srclang="en" src="/captions/{video.id}.vtt">' if video.has_captions else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title(video)}</title></head>\n'
        f'<body><audio controls><source src="/media/{video.id}.opus" type="audio/ogg; codecs=opus">{track}</audio>'
        "</body></html>\n"
    )


def captions(video: SampleVideo, duration_s: float) -> str:
    """The true text, over the whole duration."""
    return f"WEBVTT\n\n00:00:00.000 --> 00:00:{duration_s:06.3f}\n{video.sentence}\n"


def title(video: SampleVideo) -> str:
    """A video's title, such as `Sample 001`."""
    return video.id.replace("-", " ").capitalize()
