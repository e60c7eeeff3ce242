"""Messages in words: Korean and English."""
