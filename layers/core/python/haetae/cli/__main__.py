"""`python -m haetae.cli …`."""

import sys

from haetae.cli.main import main

sys.exit(main())
