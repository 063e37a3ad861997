"""Reflex State: what the pages show, and the handlers of their events.

A handler checks its input, calls one service and keeps the result.
"""
