"""The database: engine and transactions, types, constraints, migrations, and its domains' folders.

The only room that contains SQL; values and rows go in, rows and values come out.
"""
