"""What is said to a bot that runs: invoke, logs, status, kill and resume."""
