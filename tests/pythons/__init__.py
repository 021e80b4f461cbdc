"""The unit tests and a smoke with a real gearmand, under every Python that is supported."""
