"""Secrets are planted wherever a run has some, real runs succeed and fail, and all that comes out is searched.

The operator is installed by its chart, the workers are the real ones. Source and storage repeat in their errors what
they were asked with, as servers do that explain too much.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.faults.proxy import FAIR, Weather
from dev import installation
from dev.cluster.kubectl import kubectl
from tests.secrets import emitted
from tests.secrets.canaries import CONTROL, SECRET, found, secret
from tests.secrets.emitted import Piece
from tests.secrets.scene import BUCKET, CREDENTIALS, RESULTS, TENANT, Scene, scene

pytestmark = pytest.mark.long

TALKS = f"talks-{CONTROL}"
"""Videos that succeed and that fail, with cookies, signed addresses and stored files; its name is the control."""

STORED = f"stored-{CONTROL}"
"""An output in object storage that first refuses the list of videos, and then the index."""

BLOCKED, UNREACHABLE = "blocked", "unreachable"
"""Runs whose source does not let their videos be listed."""

TRAVELS = ("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN")
"""Credentials that are in the headers of requests; another one only signs them, and the others are of other systems."""


@dataclass(frozen=True)
class Told:
    """All that came out, by kind of place, and what was shown to whom.

    Attributes:
        secrets: the Secrets as the API server has them.
        token: of the operator's service account.
        shown: what source and storage were asked with.
    """

    pieces: dict[str, list[Piece]]
    secrets: bytes
    token: str
    shown: str

    def leaks(self, place: str) -> set[str]:
        """Return which secrets stand where, in one kind of place."""
        return {
            f"{where}: {word}" for where, content in self.pieces[place] for word in found(content) if SECRET in word
        }

    def controls(self, place: str) -> set[str]:
        """Return the words that came out by right in one kind of place."""
        return {word for _, content in self.pieces[place] for word in found(content) if CONTROL in word}


PLACES = (
    "objects",
    "versions of objects",
    "kubectl",
    "logs",
    "metrics of the operator",
    "recordings",
    "output on a disk",
    "output in object storage",
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("secrets")
    with scene(folder) as there:
        with emitted.watched(there.cluster, folder / "versions"):
            token = there.operators_token
            play(there)
            secrets = kubectl(there.cluster, "get", "secrets", "-A", "-o", "json").encode()
        shown = " ".join({*there.source.shown, *there.storage.shown})
        yield Told(dict(read(there, folder / "versions")), secrets, token, shown)


def signed(there: Scene, path: str) -> str:
    """An address of the source with a token of its own."""
    name = path.partition(".")[0].replace("-", "")
    return f"{there.source.url}/{path}?id=7&token={secret(name)}&sig={secret(name)}"


def play(there: Scene) -> None:
    """Let runs succeed and fail."""
    pages = ("captions.html", "speech.html", "noise.html", "denied.html", "gone.html", "moved.html", "inside.html")
    there.source.feed("/feed", [*(signed(there, path) for path in pages), f"{there.source.url}/file.html"])
    there.source.moved("/moved.html", signed(there, "away.html"))
    there.source.moved("/inside.html", f"http://169.254.169.254/talk.opus?token={secret('inside')}")
    there.source.moved("/file.html", "file:///ingestion/cookies/cookies.txt")
    talks = [
        signed(there, "feed"),
        signed(there, "gone"),
        f"s3://{BUCKET}/media/*.opus",
        f"s3://{BUCKET}/refused/talk.opus",
        "file:///ingestion/cookies/cookies.txt",
    ]
    on_disk = {"persistentVolumeClaim": {"claimName": RESULTS, "path": "talks"}}
    stored = {"uri": f"s3://{BUCKET}/output", "credentialsSecretRef": {"name": "of-outputs"}}
    cookies = {"cookiesSecretRef": {"name": "cookies", "key": "jar"}}

    there.storage.of_outputs.change(refusing("/output/_runs/"))
    there.create(TALKS, {"urls": talks, **cookies}, {**on_disk, "credentialsSecretRef": {"name": "of-sources"}})
    there.create(STORED, {"urls": [signed(there, "captions.html")], **cookies}, stored)
    there.create(BLOCKED, {"urls": [signed(there, "blocked")], **cookies}, on_disk)
    there.create(UNREACHABLE, {"urls": [signed(there, "denied")], **cookies}, on_disk)
    there.until(STORED, "refuses to")
    there.storage.of_outputs.change(refusing("/output/index/"))
    there.until(BLOCKED, "blocks this address")
    there.until(UNREACHABLE, "does not answer")
    there.until_ended(TALKS)
    there.until(STORED, "the index")
    there.storage.of_outputs.change(FAIR)
    there.until_ended(STORED)


def refusing(path: str) -> Weather:
    """A storage that takes nothing below a path, and says with what it was asked."""
    return Weather(statuses=(403,), methods=frozenset({"PUT"}), path=path)


def read(there: Scene, versions: Path) -> Iterator[tuple[str, list[Piece]]]:
    """Return all that came out, by kind of place."""
    yield "objects", list(emitted.objects(there.cluster))
    yield "versions of objects", list(emitted.versions(versions))
    yield "kubectl", list(emitted.shown(there.cluster, TENANT))
    yield "logs", list(emitted.logs(there.cluster))
    yield "metrics of the operator", pages(there.pages["operator"])
    yield "metrics of workers", pages(there.pages["worker"])
    yield "recordings", list(emitted.recordings(there.cluster, installation.NAMESPACE))
    yield "output on a disk", list(emitted.output_on_disk(there.results))
    yield "output in object storage", list(emitted.output_in_storage(there.storage.client, BUCKET, "output/"))


def pages(texts: Iterable[str]) -> list[Piece]:
    return [("a page", text.encode()) for text in texts]


@pytest.mark.parametrize("place", [*PLACES, "metrics of workers"])
def test_no_secret_comes_out(told: Told, place: str) -> None:
    assert told.pieces[place]
    assert told.leaks(place) == set()


def test_nor_does_the_token_of_the_operators_account(told: Told) -> None:
    signature = told.token.rpartition(".")[2].encode()
    assert len(signature) > 40
    everything = [piece for pieces in told.pieces.values() for piece in pieces]
    assert [where for where, content in everything if signature in content] == []


@pytest.mark.parametrize("place", PLACES)
def test_the_search_finds_what_comes_out_by_right(told: Told, place: str) -> None:
    assert told.controls(place)


def test_the_search_looks_into_the_tables_of_an_output(told: Told) -> None:
    said = [where for where, content in told.pieces["output on a disk"] if f"{CONTROL}said" in found(content)]
    for kind in ("rows of the index", "rows of the chunks"):
        assert [where for where in said if where.startswith(kind)], said


def test_the_search_finds_the_secrets_where_they_lie(told: Told) -> None:
    assert [word for word in found(told.secrets) if word.startswith(f"{SECRET} in base64")]


def test_the_secrets_were_used(told: Told) -> None:
    shown = found(told.shown.encode())
    wanted = {CREDENTIALS[name] for name in TRAVELS} | {secret("cookie"), secret("feed"), secret("away")}
    assert wanted - shown == set()


def test_videos_have_succeeded_and_failed_in_all_ways(told: Told) -> None:
    outcomes = [
        json.loads(content[content.index(b"\n") :])
        for where, content in told.pieces["output on a disk"]
        if "/outcomes/" in where
    ]
    reasons = Counter(outcome["reason"] or outcome["result"] for outcome in outcomes)
    assert reasons == {
        "succeeded": 3,
        "Gone": 3,
        "Forbidden": 2,
        "AddressRefused": 2,
        "Corrupt": 1,
        "ServerError": 1,
    }
