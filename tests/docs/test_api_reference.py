"""The reference of the API is what the types say."""

from dev.write_api_reference import PAGE, rendered


def row(section: str, field: str) -> str:
    lines = rendered().split(f"### {section}\n", 1)[1].split("\n### ", 1)[0].splitlines()
    return next(line for line in lines if line.startswith(f"| `{field}` |"))


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == rendered(), "run `make crds` and commit the result"


def test_a_field_has_its_type_bounds_default_and_meaning() -> None:
    told = "| `targetPercent` | integer, 10 to 95 | `80` | yes | Budgets and fits of all workers"

    assert row("spec.memory", "targetPercent").startswith(told)


def test_what_the_api_server_keeps_from_changing_is_told() -> None:
    assert "| no |" in row("spec.source", "urls")
    assert "| no |" in row("spec.transcription.models[]", "model")
    assert "| required | no |" in row("spec.source.cookiesSecretRef", "key")
    assert "| yes |" in row("spec.workers.parallelism", "max")
    assert "| in part |" in rendered().split("## spec\n", 1)[1].split("| `workers` |", 1)[1].split("\n", 1)[0]


def test_rules_between_fields_are_told() -> None:
    assert "- spec.output must set exactly one of uri and persistentVolumeClaim\n" in rendered()
    assert "may not be changed" not in rendered()


def test_the_status_is_there_too() -> None:
    assert row("status.memory", "floorBytes") == (
        "| `floorBytes` | integer, at least 0 | What one worker needs at the least, measured. |"
    )
