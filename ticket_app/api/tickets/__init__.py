"""Tickets and their messages over REST."""
