"""Tests in a real Chromium."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these last: Playwright leaves a running event loop, and other tests start their own."""
    items.sort(key=lambda item: HERE in item.path.parents)
