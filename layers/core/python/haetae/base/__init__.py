"""What every room may use: the error tree, time and money."""
