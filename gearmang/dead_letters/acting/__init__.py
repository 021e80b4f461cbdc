"""What operators do with letters: plans, and all that carries them out or takes them back."""
