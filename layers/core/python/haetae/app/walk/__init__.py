"""One minute of the account: prepare, fetch, fold, commit; the trading cycle and the risk check."""
