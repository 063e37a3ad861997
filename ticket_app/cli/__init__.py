"""The commands of `python -m ticket_app`: one module a command, imported only when it runs.

A command parses its options, calls one service or starts a server, and prints each step.
"""
