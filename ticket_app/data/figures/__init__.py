"""The counters that the database keeps: their tables, triggers and queries, and the recount.

Nothing here reads the tickets but the triggers and the recount.
"""
