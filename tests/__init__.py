"""Tests of the desk: the folders are those of ticket_app/."""

import os

# Several workers share the cores. Threads of linear algebra spin while they wait for one another,
# so a fit of 1 s takes 20 s of the processor. NumPy reads this when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
