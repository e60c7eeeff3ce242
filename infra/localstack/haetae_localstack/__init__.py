"""LocalStack without Docker: functions run as processes, schedules fire exactly, updates update."""
