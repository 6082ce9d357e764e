"""The notebooks of one city share its computation."""

from functools import cache

import pytest

from kinerja_lab.report import session


@pytest.fixture(scope="session")
def prepared_once():
    """Every notebook that asks for the same report gets the same one: computing it is what takes time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "prepare", cache(session.prepare))
        yield
