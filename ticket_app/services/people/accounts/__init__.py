"""Accounts: invitations, roles, the end of an account, and the directory of people."""
