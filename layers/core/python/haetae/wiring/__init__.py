"""Settings and plugs: the one place where concrete things meet."""
