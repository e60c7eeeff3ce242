"""Everything a running exchange holds, and how it outlives its process."""
