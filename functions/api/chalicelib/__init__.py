"""The API: its routes, what they read of a call, and how they answer."""
