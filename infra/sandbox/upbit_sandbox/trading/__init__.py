"""One account at the exchange: its money, its orders, and how they are filled."""
