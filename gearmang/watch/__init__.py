"""Many gearmands watched: poll, sums, worker ids. The standard library only."""
