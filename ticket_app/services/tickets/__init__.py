"""Verbs of tickets: file, read, search, change, delete and restore, and the record of changes."""
