"""python -m cosyvoice_lite: the command, where its script is not on the path."""

import sys

from cosyvoice_lite.cli import main

if __name__ == "__main__":
    sys.exit(main())
