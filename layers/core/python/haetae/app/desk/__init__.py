"""What the books tell a person: the account, its trades, the daily report."""
