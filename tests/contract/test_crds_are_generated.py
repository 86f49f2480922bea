from collections.abc import Iterator
from typing import Any

from dev.write_crds import CHART_TEMPLATE, CRDS, rendered
from ingestion_contract.crd import custom_resource_definition


def test_the_files_in_crds_and_the_template_of_the_chart_are_what_the_types_say() -> None:
    on_disk = {path: path.read_text(encoding="utf-8") for path in [*CRDS.iterdir(), CHART_TEMPLATE]}

    assert on_disk == rendered(), "run `make crds` and commit the result"


def test_every_default_of_an_object_is_whole() -> None:
    """The API server checks a default against the CEL rules before it fills in the inner defaults."""
    spec = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]

    assert spec["properties"]["workers"]["default"]["parallelism"] == {"initial": 1, "min": 1, "max": 8}
    assert spec["properties"]["embedding"]["default"]["chunkTokens"] == 350


def test_every_field_of_the_spec_is_explained() -> None:
    schema = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]

    assert list(unexplained(schema["properties"]["spec"], "spec")) == []


def unexplained(schema: dict[str, Any], path: str) -> Iterator[str]:
    """Yield the fields that `kubectl explain` has no words for."""
    for name, field in schema.get("properties", {}).items():
        if "description" not in field:
            yield f"{path}.{name}"
        yield from unexplained(field, f"{path}.{name}")
    if "items" in schema:
        yield from unexplained(schema["items"], f"{path}[]")
