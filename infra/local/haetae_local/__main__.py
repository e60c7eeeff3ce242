"""`python -m haetae_local VERB …`."""

import sys

from haetae_local.cli import main

sys.exit(main())
