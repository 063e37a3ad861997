"""Limits on the cost of a client: size and rate of bodies, connections and websockets.

docs/limits.md lists each limit with its figure. No module here knows tickets.
"""
