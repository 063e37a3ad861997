"""A sample belongs to the package of the innermost frame."""

from bench.profile import OURS, STANDARD_LIBRARY, packages
from ticket_app.settings import ROOT

STACKS = f"""\
run (/usr/lib/python3.11/threading.py:1);read ({ROOT}/ticket_app/data/engine.py:60) 7
run (/usr/lib/python3.11/threading.py:1);get (/v/lib/python3.11/site-packages/sqlalchemy/a/b.py:2) 5
serve (/v/lib/python3.11/site-packages/granian/c.py:3);loads (/usr/lib/python3.11/json/d.py:4) 3
serve (/v/lib/python3.11/site-packages/granian/c.py:3);<lambda> (<frozen importlib._bootstrap>:1) 2
"""


def test_the_innermost_frame_counts() -> None:
    assert packages(STACKS) == {OURS: 7, "sqlalchemy": 5, STANDARD_LIBRARY: 5}
