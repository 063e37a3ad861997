"""Connections to PostgreSQL: settings of a session, timeouts, a watchdog for servers that hang."""
