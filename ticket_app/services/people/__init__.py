"""Verbs of people: their accounts, passwords and sessions, and the one function that decides what
an actor may do. Every domain may use this one; it uses none of them.
"""
