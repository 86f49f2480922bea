"""Manifests that no friend would write: from the CRD's own schema, and good ones with something changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from ingestion_contract.crd import custom_resource_definition

Manifest = dict[str, Any]
Schema = dict[str, Any]
Path = tuple[str | int, ...]

FULL: Manifest = {
    "suspend": False,
    "source": {
        "urls": ["http://stand-in/?videos=1", "https://example.org/feed.xml"],
        "limit": 20,
        "captions": "Prefer",
        "languages": ["en", "*"],
        "videosPerHour": 100,
        "cookiesSecretRef": {"name": "cookies", "key": "cookies.txt"},
    },
    "transcription": {
        "computeType": "float16",
        "beamSize": 1,
        "models": [{"languages": ["*"], "model": "large-v3-turbo"}],
        "wordTimes": True,
    },
    "embedding": {
        "model": "Alibaba-NLP/gte-Qwen2-1.5B-instruct",
        "computeType": "bfloat16",
        "maxSequenceLength": 1024,
        "chunkTokens": 350,
    },
    "output": {
        "persistentVolumeClaim": {"claimName": "results", "path": "talks"},
        "credentialsSecretRef": {"name": "credentials"},
        "index": {"type": "None"},
    },
    "workers": {
        "parallelism": {"initial": 1, "min": 1, "max": 2},
        "videosPerShard": 25,
        "resources": {"limits": {"nvidia.com/gpu": 1}, "requests": {"cpu": "100m"}},
        "nodeSelector": {"pool": "gpu"},
        "tolerations": [
            {"key": "gpu", "operator": "Equal", "value": "a", "effect": "NoExecute", "tolerationSeconds": 5}
        ],
        "priorityClassName": "batch",
        "runtimeClassName": "nvidia",
        "modelCache": {"persistentVolumeClaim": {"claimName": "models"}},
    },
    "memory": {"targetPercent": 80, "recoveryAfterSeconds": 120, "allowSmallerComputeType": False},
    "objectives": {"minSuccessPercent": 90, "minUtilisationPercent": 50},
    "queueName": "gpus",
    "activeDeadlineSeconds": 3600,
    "ttlSecondsAfterFinished": 3600,
}
"""A spec in which every field is set."""

TEXTS = st.sampled_from(
    [
        "",
        " ",
        "\x00",
        "a\x00b",
        "\n",
        "\x1b[31mred",
        "\u202etxt.exe",
        "\ufeff",
        "\U0001f3ac" * 20,
        "e\u0301" * 30,
        "..",
        "../..",
        "/etc/passwd",
        "file:///etc/passwd",
        "http://[::1",
        "s3://",
        "a" * 64,
        "b" * 2049,
        "$(HOME)",
        "{{ run }}",
        "%s%n%00",
        "'; DROP TABLE videos; --",
        "NaN",
        "-1",
        "1e400",
    ]
)
NUMBERS = st.sampled_from([0, -1, 1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 0.5, -0.0, 1e308])
OTHERS: st.SearchStrategy[Any] = st.sampled_from([None, True, False, [], {}, [None], [[]], {"": ""}, {"a": None}])
HOSTILE = TEXTS | NUMBERS | OTHERS | st.text(max_size=80)


def from_the_schema() -> st.SearchStrategy[Any]:
    """Specs of the shape that the CRD asks for; they may break its rules between fields."""
    schema = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    parts = st.sets(st.sampled_from(["source", "output", "workers", "embedding"]))
    return st.builds(_with_good, _shaped(schema["properties"]["spec"]), parts)


def _with_good(spec: Manifest, parts: set[str]) -> Manifest:
    """Return the spec with good parts in place of its own: else, hardly any would be taken for all its parts."""
    return spec | {part: FULL[part] for part in sorted(parts)}


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """Specs that were good until some of their fields were removed, replaced, repeated or added."""
    spec: Any = deepcopy(FULL)
    del spec["queueName"]
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(_paths(spec))))
        spec = _changed(spec, path, draw(st.sampled_from(["remove", "replace", "repeat", "add"])), draw(HOSTILE))
    return spec


def _changed(spec: Any, path: Path, how: str, value: object) -> Any:
    if not path:
        return value if how == "replace" else spec
    spec = deepcopy(spec)
    node = spec
    for step in path[:-1]:
        node = node[step]
    last = path[-1]
    if how == "remove":
        del node[last]
    elif how == "repeat":
        node[last] = [node[last]] * 40
    elif how == "add" and isinstance(node[last], dict):
        node[last][value if isinstance(value, str) else "unknown"] = value
    elif how == "add" and isinstance(node[last], list):
        node[last].append(value)
    else:
        node[last] = value
    return spec


def _paths(node: Any, at: Path = ()) -> Iterator[Path]:
    yield at
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from _paths(child, (*at, key))


def _shaped(schema: Schema) -> st.SearchStrategy[Any]:
    """Values of a structural schema, which has far fewer words than JSON schema; rules between fields are not kept."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("x-kubernetes-int-or-string"):
        return st.integers(-(2**63), 2**63 - 1) | st.sampled_from(["1", "1500m", "2Gi", "many", ""])
    kind = schema["type"]
    if kind == "object":
        return _object(schema)
    if kind == "array":
        items, most = _shaped(schema["items"]), min(4, schema.get("maxItems", 4))
        return st.lists(items, min_size=schema.get("minItems", 0), max_size=most)
    if kind == "string":
        return _string(schema)
    if kind == "integer":
        return st.integers(schema.get("minimum", -(2**63)), schema.get("maximum", 2**63 - 1))
    return st.booleans()


def _object(schema: Schema) -> st.SearchStrategy[Any]:
    if "properties" not in schema:
        keys = st.sampled_from(["nvidia.com/gpu", "cpu", "pool", "-", "a b"]) | st.text(max_size=70)
        return st.dictionaries(keys, _shaped(schema["additionalProperties"]), max_size=3)
    needed = schema.get("required", ())
    fields = {name: _shaped(child) for name, child in schema["properties"].items()}
    return st.fixed_dictionaries(
        {name: field for name, field in fields.items() if name in needed},
        optional={name: field for name, field in fields.items() if name not in needed},
    )


def _string(schema: Schema) -> st.SearchStrategy[str]:
    if "pattern" in schema:
        return st.from_regex(re.compile(str(schema["pattern"])))
    least, most = schema.get("minLength", 0), schema.get("maxLength", 2048)
    longest = st.sampled_from(["a", "\U0001f3ac", "/"]).map(lambda letter: letter * most)
    return (
        st.text(min_size=least, max_size=min(most, 60))
        | TEXTS.filter(lambda text: least <= len(text) <= most)
        | longest
    )
