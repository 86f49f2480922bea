"""Write `crds/` from the contract's types: `make crds`."""

from __future__ import annotations

from pathlib import Path

import yaml

from ingestion_contract.crd import custom_resource_definition

CRDS = Path(__file__).parents[1] / "crds"
HEADER = "# Generated from contract/ingestion_contract by `make crds`. Do not edit.\n"


def rendered() -> dict[str, str]:
    """Return the text of each file of `crds/`, by name."""
    crd = custom_resource_definition()
    text = HEADER + yaml.safe_dump(crd, sort_keys=False, allow_unicode=True, width=120)
    return {f"{crd['metadata']['name']}.yaml": text}


def main() -> None:
    """Write every file and say so."""
    CRDS.mkdir(exist_ok=True)
    for name, text in rendered().items():
        (CRDS / name).write_text(text, encoding="utf-8")
        print(f"wrote crds/{name}")


if __name__ == "__main__":
    main()
