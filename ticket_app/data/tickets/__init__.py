"""Tickets in the database: how they are filed, changed, found, listed and counted.

Modules with plain SQL for the driver stand beside modules with queries for sessions.
"""
