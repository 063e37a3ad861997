"""HTTP of people: the audit, one's own API tokens, single sign-on, and the forms of sign-in,
sign-out and passwords.

A form is answered by a redirect to a page, which says what went wrong.
"""
