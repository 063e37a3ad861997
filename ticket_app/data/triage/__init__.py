"""What the triage keeps: jobs that wait for a provider, the ledger of its calls, what was learned,
and the queries of the report.
"""
