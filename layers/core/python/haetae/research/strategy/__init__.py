"""What a strategy must be before the kernel may call it: read, then tried on made-up markets."""
