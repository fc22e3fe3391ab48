"""`python -m hotline` is `hotline`."""

import sys

from hotline.cli import main

if __name__ == "__main__":
    sys.exit(main())
