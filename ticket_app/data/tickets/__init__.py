"""Tickets in the database: how they are filed, changed, found, listed and counted.

What goes by statements of text is here next to what goes by sessions.
"""
