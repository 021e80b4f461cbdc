"""A whole pipeline under faults by a seeded schedule; afterwards every job is accounted for."""
