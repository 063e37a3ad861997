"""Verbs of triage: suggest while a person types, improve filed tickets, learn from people's
decisions, replay past tickets, record calls in the ledger, and report.
"""
