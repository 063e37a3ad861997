"""Tickets as lists: the queue with its filters and unfolded tickets, the board with its cards."""
