"""Code that reacts to the record of events, at least once and in order for a ticket: decision 0041.
Followers may read all domains, and no domain uses them.
"""
