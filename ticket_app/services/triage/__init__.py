"""What the desk does with engines: suggest, improve what was filed, learn from people, replay,
keep the ledger of calls, and report.
"""
