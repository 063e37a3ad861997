"""Attachments of messages: their rows, and their contents as files on disk."""
