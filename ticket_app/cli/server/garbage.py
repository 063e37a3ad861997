"""Python's garbage collection in a process that has imported the whole desk."""

import gc

GARBAGE_OBJECTS = 20_000
"""Threshold of the garbage collector's youngest generation, in objects. Python's default is 700."""


def collect_garbage_rarely() -> None:
    """Exclude all present objects from garbage collection, and collect less often.

    Collections of all objects made one request in a hundred wait for a quarter of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)
