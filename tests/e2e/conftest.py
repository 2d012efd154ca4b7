"""These tests need a local AWS: ``make e2e`` brings one."""

from __future__ import annotations

import os

import pytest


def pytest_sessionstart() -> None:
    if not os.environ.get("AWS_ENDPOINT_URL"):
        pytest.exit("there is no local AWS at AWS_ENDPOINT_URL; run `make e2e`", returncode=1)
