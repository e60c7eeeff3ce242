"""haetae: a serverless trading bot for Upbit that trades what you tested."""
