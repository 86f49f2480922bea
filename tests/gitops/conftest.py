import os

import pytest

from dev.go_program import GoMissing
from dev.kstatus import KSTATUS


@pytest.fixture(scope="session")
def kstatus() -> None:
    """The program, or Go to build it; else the test is skipped, or fails where REQUIRE_CLUSTER=1 is set."""
    if KSTATUS.cached().exists():
        return
    try:
        KSTATUS.find_go()
    except GoMissing as missing:
        if os.environ.get("REQUIRE_CLUSTER") == "1":
            pytest.fail(str(missing))
        pytest.skip(str(missing))
