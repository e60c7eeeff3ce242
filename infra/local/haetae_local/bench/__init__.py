"""What `make bench` measures on this machine besides the kernel."""
