"""The fixtures of the services' tests, for the worker."""

from tests.services.conftest import providing

__all__ = ["providing"]
