"""Calls to an AI provider: prompt, request, retries, circuit breaker, and validation of the answer.

Only this room speaks LiteLLM and HTTP to a provider; it knows no ticket and no database.
"""
