"""Erasing what a requester wrote, and purging deleted tickets, in the database."""
