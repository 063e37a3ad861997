"""People in the database: who they are, and how requesters become people by their address.

This domain is used by the others and uses none of them.
"""
