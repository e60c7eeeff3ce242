"""What every room may use: money, time, ids and the error tree."""
