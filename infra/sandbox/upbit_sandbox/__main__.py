"""Runs the sandbox as `python -m upbit_sandbox`."""

from upbit_sandbox.cli import main

raise SystemExit(main())
