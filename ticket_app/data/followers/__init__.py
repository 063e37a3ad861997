"""Followers of the record of events: their places in it, the events put aside, and the
notifications that the first of them writes."""
