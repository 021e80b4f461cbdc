"""From a gearmand into the store, and who is told of it."""
