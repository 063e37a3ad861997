"""The gateway: the ASGI application that checks every request and passes it to REST or pages.

It checks Host and Origin, serves the compiled pages, and adds security headers.
"""
