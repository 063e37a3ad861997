"""Erasing what a requester wrote, and purging tickets that were deleted long ago."""
