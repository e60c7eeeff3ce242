"""Who may call, how often, and what may go wrong on the way."""
