"""One job: its key, its envelope, its dossiers; how it is queued, and kept where it cannot be."""
