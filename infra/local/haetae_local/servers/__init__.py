"""The servers under the stack, and the process that keeps them."""
