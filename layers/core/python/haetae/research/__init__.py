"""What runs on a workstation and never in a Lambda: the compiled kernel, backtests, collection."""
