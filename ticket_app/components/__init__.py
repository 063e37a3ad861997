"""Functions that return parts of a page: values come in, a Reflex component goes out.

A leaf component knows no State; what a browser does by itself is an expression made in Python.
"""
