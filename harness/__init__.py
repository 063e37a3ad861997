"""Shared by tests and benchmarks: a fake provider, a PostgreSQL, free ports, a filled database.

The harness imports neither of them, and the shipped desk contains none of it.
"""
