"""Stored data of the triage: suggestions, jobs, the ledger of calls, learned models, and the
queries of the report.
"""
