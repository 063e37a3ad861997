"""Pure triage: from the text of a ticket to a `Triage`, without a database.

The engine joins the provider with the offline engine; nothing else here knows the provider.
"""
