"""The sizing table is what the laws of operator and worker say of the simulated GPU's figures."""

from dev.write_sizing import PAGE, SETS, rendered


def rows(title: str) -> dict[str, list[str]]:
    section = rendered().split(f"## {title}", 1)[1].split("\n## ", 1)[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {cells[0]: cells[1:] for cells in lines[1:]}


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == rendered(), "run `python -m dev.write_sizing` and commit the result"


def test_the_founding_incident_is_in_it() -> None:
    found = rows("The founding incident's")

    assert found["T4 (16 GB)"][1] == "1"
    assert found["A10, L4 (24 GB)"][1] == "2"
    assert found["A100 (40 GB)"][1] == "3"


def test_no_row_exceeds_the_target_and_every_worker_that_fits_works() -> None:
    for models in SETS:
        for card, (_, workers, _, windows, share) in rows(models.title).items():
            assert int(workers) >= 1, card
            assert int(windows) >= 1, card
            assert int(share.removesuffix(" %")) <= 80, card


def test_its_figures_are_called_simulated() -> None:
    assert "**Simulated figures.**" in rendered()
