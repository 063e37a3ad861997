"""Attachments: files are uploaded, sent with a message, read, and removed when they are loose."""
