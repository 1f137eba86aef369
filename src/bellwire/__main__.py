"""`python -m bellwire` is the command `bellwire`."""

import sys

from bellwire.cli import main

sys.exit(main())
