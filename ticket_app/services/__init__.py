"""The verbs of the desk: functions that edges call, in one folder a domain.

A call is one transaction. It takes an Actor, values and schemas, and returns schemas.
"""
