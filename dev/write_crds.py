"""Write `crds/`, and the chart's template of it, from the contract's types: `make crds`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ingestion_contract.crd import custom_resource_definition

ROOT = Path(__file__).parents[1]
CRDS = ROOT / "crds"
CHART_TEMPLATE = ROOT / "charts" / "ingestion-operator" / "templates" / "crds.yaml"

_ORIGIN = "Generated from contract/ingestion_contract by `make crds`. Do not edit."
_METADATA = """\
  {{- $keep := ternary (dict "helm.sh/resource-policy" "keep") dict .Values.crds.keep }}
  {{- $more := dict "clusterScoped" true "annotations" $keep }}
  {{- include "ingestion-operator.metadata" (list . "NAME" $more) | nindent 2 }}
"""


def rendered() -> dict[Path, str]:
    """Return the text of each file that is generated, by path."""
    crd = custom_resource_definition()
    name = crd["metadata"]["name"]
    return {CRDS / f"{name}.yaml": f"# {_ORIGIN}\n{_as_yaml(crd)}", CHART_TEMPLATE: _template(crd)}


def _template(crd: dict[str, Any]) -> str:
    name = crd["metadata"]["name"]
    head = _as_yaml({key: crd[key] for key in ("apiVersion", "kind")})
    # Descriptions may hold what Helm takes for an action.
    spec = _as_yaml({"spec": crd["spec"]}).replace("{{", '{{ "{{" }}')
    return (
        f"{{{{- /* {_ORIGIN} */}}}}\n{{{{- if .Values.crds.enabled }}}}\n"
        f"{head}metadata:\n{_METADATA.replace('NAME', name)}{spec}{{{{- end }}}}\n"
    )


def _as_yaml(data: dict[str, Any]) -> str:
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120)


def main() -> None:
    """Write every file and say so."""
    for path, text in rendered().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
