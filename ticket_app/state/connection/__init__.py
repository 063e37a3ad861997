"""The connection to an open page: the check, the order and the acknowledgement of its events, its
subscription to changes, and its return to another process.
"""
