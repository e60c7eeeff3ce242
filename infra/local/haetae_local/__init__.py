"""Runs the whole of haetae on one machine: LocalStack, the sandbox exchange and the stack."""
