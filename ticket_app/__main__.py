"""`python -m ticket_app`: see ticket_app/cli/main.py."""

import sys

from ticket_app.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
