"""The sandbox's own routes under /sandbox: clock, accounts, listings, faults, state."""
