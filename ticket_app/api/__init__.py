"""The REST API: one file a domain, and the code that all endpoints share.

An endpoint parses the request, calls one service and answers; errors are problems (RFC 9457).
"""
