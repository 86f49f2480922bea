"""The Secret of credentials in a pod: what libraries find of it in their environment, and what nobody does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from ingestion_contract.pod import CREDENTIAL_PREFIX, CREDENTIALS
from ingestion_worker import credentials
from tests.worker.support.runs import REPOSITORY

RUNS_CODE = ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME", "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "PATH")
LEADS_ELSEWHERE = ("HF_ENDPOINT", "HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE", "INGESTION_ALLOW_NETWORKS", "HOME")
NAMES_COMMANDS = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "PGSERVICEFILE", "PGPASSFILE")


def in_pod(*keys: str) -> dict[str, str]:
    """The environment that a Secret with these keys makes in a pod."""
    return {f"{CREDENTIAL_PREFIX}{key}": f"value of {key}" for key in keys}


def test_every_known_key_gets_the_name_that_libraries_read() -> None:
    environment = {"HOME": "/tmp", **in_pod(*CREDENTIALS)}
    assert credentials.take(environment) == []
    assert environment == {"HOME": "/tmp"} | {key: f"value of {key}" for key in CREDENTIALS}


def test_what_runs_code_or_leads_elsewhere_is_passed_over_and_named() -> None:
    harmful = (*RUNS_CODE, *LEADS_ELSEWHERE, *NAMES_COMMANDS)
    environment = {"HOME": "/tmp", **in_pod("AWS_ACCESS_KEY_ID", *harmful)}
    assert credentials.take(environment) == sorted(harmful)
    assert environment == {"HOME": "/tmp", "AWS_ACCESS_KEY_ID": "value of AWS_ACCESS_KEY_ID"}


def test_a_secret_runs_no_code_in_a_worker(tmp_path: Path) -> None:
    """A module of the tenant, to which each variable leads that would let Python or the loader find it."""
    (tmp_path / "sitecustomize.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    done = subprocess.run(
        [sys.executable, "-m", "ingestion_worker.cli", "discover", "--output", "memory://x", "--run", "/none"],
        env={
            **os.environ,
            **{f"{CREDENTIAL_PREFIX}{key}": str(tmp_path) for key in RUNS_CODE},
            f"{CREDENTIAL_PREFIX}AWS_ACCESS_KEY_ID": "mine",
        },
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 64, done.stderr
    assert not (tmp_path / "ran").exists()
    assert "credentialsSecretRef are passed over" in done.stderr
    assert "LD_PRELOAD" in done.stderr
    assert "AWS_ACCESS_KEY_ID" not in done.stderr
    assert str(tmp_path) not in done.stderr


def test_the_documentation_names_the_known_keys_and_no_other() -> None:
    page = (REPOSITORY / "docs" / "security.md").read_text()
    lists = page.split("### Keys of the Secret of credentials", 1)[1].split("\n- S3:", 1)[1].split("\n\n", 1)[0]
    assert sorted(re.findall(r"`([A-Z][A-Z0-9_]+)`", lists)) == sorted(CREDENTIALS)
