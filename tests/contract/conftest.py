"""The generators of random numbers are part of what the contract looks at, so nothing else may seed them meanwhile."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_seeding_by_pytest_randomly(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep pytest-randomly, where it is installed, from seeding the generators between set-up, call and tear-down."""
    monkeypatch.setattr(request.config.option, "randomly_reset_seed", False, raising=False)
