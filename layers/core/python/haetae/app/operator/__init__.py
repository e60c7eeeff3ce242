"""What the operator can say: stop, halt, kill, resume."""
