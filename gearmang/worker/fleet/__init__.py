"""Many pools as one process tree: a foreman, and below it a supervisor for each pool."""
