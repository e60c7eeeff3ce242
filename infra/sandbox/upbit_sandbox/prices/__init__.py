"""Where prices come from and what is known of them at a time: no account, no HTTP."""
