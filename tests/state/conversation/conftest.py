"""A provider for the States that ask one."""

from tests.services.conftest import providing

__all__ = ["providing"]
