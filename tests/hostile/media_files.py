"""Media that a stranger might make to break a worker: small files, some of which claim or hold absurd amounts."""

from __future__ import annotations

import random
import struct
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import av
import numpy as np
from av.audio.stream import AudioStream

SIGNATURES = (
    b"OggS", b"fLaC", b"RIFF\xff\xff\xff\xffWAVE", b"\x1aE\xdf\xa3", b"\0\0\0\x20ftypisom", b"FLV\x01",
    b"ID3\x04\0\0\x7f\x7f\x7f\x7f", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c",
    b"FORM\xff\xff\xff\xffAIFF", b"caff\0\1\0\0", b"\xff\xfb\x90\x64", b"\x47" * 188, b"#!AMR\n", b".snd\0\0\0\x18",
    b"\0\0\1\xba",
)  # fmt: skip
"""What files of the containers that are read begin with."""

ENDLESS = 2**40
"""Bytes of a file with a hole: a terabyte, without a disk that has one."""


def wav(body: bytes, *, rate: int = 16_000, channels: int = 1, bits: int = 16, claims: int | None = None) -> bytes:
    """WAV with a header that says as it is told; `claims` bytes of body, whatever there is."""
    length = len(body) if claims is None else claims
    block = channels * bits // 8 & 0xFFFF
    form = struct.pack("<IHHIIHH", 16, 1, channels, rate, min(0xFFFFFFFF, rate * block), block, bits)
    head = b"RIFF" + struct.pack("<I", min(0xFFFFFFFF, 36 + length)) + b"WAVEfmt " + form
    return head + b"data" + struct.pack("<I", length) + body


def endless(path: Path, beginning: bytes) -> Path:
    """A file that begins so and goes on for a terabyte of zeros."""
    with path.open("wb") as file:
        file.write(beginning)
        file.truncate(ENDLESS)
    return path


def with_attachments(path: Path, count: int, size: int) -> Path:
    """Matroska with files attached to it, all of zeros, and without a track."""

    def element(name: bytes, body: bytes, more: int = 0) -> bytes:
        return name + (len(body) + more | 1 << 56).to_bytes(8, "big") + body

    names = element(b"\x46\x6e", b"font.ttf") + element(b"\x46\x60", b"font/ttf") + element(b"\x46\xae", b"\1")
    file = element(b"\x61\xa7", names + element(b"\x46\x5c", b"", size), size)
    whole = count * (len(file) + size)
    with path.open("wb") as to:
        to.write(element(b"\x1aE\xdf\xa3", element(b"\x42\x82", b"matroska")))
        to.write(element(b"\x18\x53\x80\x67", b"", 12 + whole) + element(b"\x19\x41\xa4\x69", b"", whole))
        for _ in range(count):
            to.write(file)
            to.seek(size, 1)
        to.truncate()
    return path


def archive(path: Path) -> Path:
    """A ZIP with a song in it, which is packed a thousandfold."""
    with ZipFile(path, "w", ZIP_DEFLATED) as file:
        file.writestr("song.wav", wav(bytes(64 * 2**20)))
    return path


def noise(beginning: bytes, size: int = 300_000) -> bytes:
    """What begins like a container, and goes on with anything."""
    return beginning + random.Random(beginning).randbytes(size)


def encoded(path: Path, container: str, codec: str, **metadata: str) -> bytes:
    """A second of silence in a container."""
    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(codec, rate=48_000)
        assert isinstance(stream, AudioStream)
        stream.layout = "mono"
        output.metadata.update(metadata)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 48_000), np.int16), format="s16", layout="mono")
        frame.sample_rate = 48_000
        frame.pts = 0
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path.read_bytes()


def with_tracks(mp4: bytes, count: int) -> bytes:
    """An MP4 file with its first track so many times."""
    movie = mp4.find(b"moov") - 4
    track = mp4.find(b"trak", movie) - 4
    movie_size, track_size = (struct.unpack(">I", mp4[at : at + 4])[0] for at in (movie, track))
    grown = struct.pack(">I", movie_size + track_size * (count - 1))
    body = mp4[track : track + track_size] * count
    return mp4[:movie] + grown + mp4[movie + 4 : track] + body + mp4[track + track_size :]


def with_duration(mp4: bytes, units: int) -> bytes:
    """An MP4 file that claims to be so long, in its own units, of which a second has at most 48,000."""
    changed = bytearray(mp4)
    for box, offset in ((b"mvhd", 20), (b"tkhd", 24), (b"mdhd", 20)):
        at = changed.find(box) + offset
        changed[at : at + 4] = struct.pack(">I", units)
    return bytes(changed)


def with_tag(size: int) -> bytes:
    """MP3 that is all tag: a text of so many bytes."""

    def synchsafe(number: int) -> bytes:
        return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))

    return b"ID3\x04\0\0" + synchsafe(size + 11) + b"TXXX" + synchsafe(size + 1) + b"\0\0\0" + b"A" * size
