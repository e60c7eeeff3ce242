"""What a port keeps in memory: for tests, replays and rehearsals."""
