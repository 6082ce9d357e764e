"""Fixtures that many tests share."""

import os
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples on every machine, so that a red run can be repeated; HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference cases and real data beside the project; the test is skipped where it is absent."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs ../shared (reference cases and real data), which is not here")
    return folder


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; the test is skipped where there is none."""
    from shutil import which

    found = os.environ.get("CHROMIUM") or which("chromium") or which("chromium-browser") or which("google-chrome")
    if not found:
        pytest.skip("needs Chromium, which is not installed")
    return found


@cache
def group_of(file: str) -> str:
    """The group a test file gives itself (``pytestmark = pytest.mark.xdist_group("reports")``), else nothing."""
    found = re.search(r'^pytestmark = .*xdist_group\("([\w-]+)"\)', (ROOT / file).read_text(encoding="utf-8"), re.M)
    return found.group(1) if found else ""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Files of one group run in one worker, so that what they share is made once.

    pytest-xdist 3.8 writes the group behind a private name that pytest 9.2 no longer reads, so its own
    ``--dist loadgroup`` spreads the tests of a group over all workers.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return group_of(nodeid.split("::")[0]) or nodeid

    return ByGroup(config, log)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI (``KINERJA_NO_SKIP=1``) a skipped test counts as failed."""
    outcome = yield
    report = outcome.get_result()
    if os.environ.get("KINERJA_NO_SKIP") and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be missing: {reason}"
