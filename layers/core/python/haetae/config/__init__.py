"""The account's settings: one table of keys, profiles, and how they become a Setup."""
