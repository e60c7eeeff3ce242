"""The books: what is stored, in which shape, and what it adds up to."""
