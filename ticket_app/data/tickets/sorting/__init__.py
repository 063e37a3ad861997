"""The orders of lists: the key of each sort and its indexes, and pages in orders other than that of
filing.
"""
