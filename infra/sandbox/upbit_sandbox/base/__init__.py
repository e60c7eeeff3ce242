"""What every room needs: exact arithmetic, time, refusals, requests as values."""
