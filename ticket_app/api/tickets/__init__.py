"""Tickets, their messages and their history over REST."""
