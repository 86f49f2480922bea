"""A site's JavaScript, which yt-dlp lets Deno run, gets at nothing of the worker: what docs/security.md says of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from yt_dlp.extractor.youtube.jsc._builtin.deno import DenoJCP

from tests.worker.support.http_source import HttpSource

DENO = Path(sys.executable).with_name("deno")
ATTEMPTS = {
    "reads a file": "Deno.readTextFileSync('{file}')",
    "writes a file": "Deno.writeTextFileSync('{file}', 'x')",
    "reads the environment": "Deno.env.get('AWS_SECRET_ACCESS_KEY') ?? 'none'",
    "asks an address": "await (await fetch('{url}')).text()",
    "starts a program": "new Deno.Command('true').outputSync()",
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize("allowed", [False, True], ids=["as yt-dlp runs it", "with all permissions"])
def test_it_may_do_nothing_but_compute(attempt: str, allowed: bool, source: HttpSource, tmp_path: Path) -> None:
    """With all permissions each attempt succeeds, so that it would be seen."""
    file, url = tmp_path / "file", source.feed([])
    file.write_text("secret")
    code = ATTEMPTS[attempt].replace("{file}", str(file)).replace("{url}", url)
    options = [*DenoJCP._DENO_BASE_OPTIONS, *(["--allow-all"] if allowed else [])]
    done = subprocess.run(
        [DENO, "run", *options, "-"],
        input=f"{code}; console.log(6 * 7)",
        env={**os.environ, "AWS_SECRET_ACCESS_KEY": "secret", "DENO_DIR": str(tmp_path / "deno"), "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode == 0, done.stdout.strip()) == (allowed, "42" if allowed else "")
    assert allowed or "NotCapable" in done.stderr
    assert allowed or not source.asked
