"""The world these tests disturb, and the explorer that tries every order of events in it."""
