"""Dead letters: a place where failed jobs wait, and every way out of it; docs/dead-letters.md."""
