"""Argo CD as a judge: health.lua, run with what Argo CD runs it with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from lupa.lua51 import LuaRuntime

FOLDER = Path(__file__).parents[2] / "gitops" / "argocd"
HEALTH_LUA = (FOLDER / "health.lua").read_text(encoding="utf-8")
# What Argo CD opens by default (`useOpenLibs: false`) has no more than these, of what a health check may want.
_LEFT_OUT = ("string", "math", "io", "debug", "coroutine", "require", "dofile", "loadfile")


@dataclass(frozen=True)
class Health:
    """What Argo CD shows."""

    status: str
    message: str


def judge(run: Mapping[str, Any], script: str = HEALTH_LUA) -> Health:
    """Return the health of a run; what is being deleted is Progressing to Argo CD before any script is asked."""
    if "deletionTimestamp" in run["metadata"]:
        return Health("Progressing", "Pending deletion")
    lua = LuaRuntime(register_eval=False, register_builtins=False)
    lua.execute("getmetatable('').__index = nil")
    for name in _LEFT_OUT:
        lua.globals()[name] = None
    lua.globals()["obj"] = lua.table_from(run, recursive=True)
    found = lua.execute(script)
    return Health(found["status"], found["message"])


def manifests() -> dict[str, Any]:
    """The example manifests by file name."""
    return {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))}
