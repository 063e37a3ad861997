"""Tasks that run beside requests, each a context manager for the lifetime of the server: background
workers, housekeeping, the flush of the ledger, and the relay and the page store in Redis.
"""
