"""The counters that the database keeps: their tables, triggers and queries, and the recount.

Only the triggers and the recount read tickets; the queries read the counters.
"""
