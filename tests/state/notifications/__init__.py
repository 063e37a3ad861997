"""Tests of State about what a person is told of."""
