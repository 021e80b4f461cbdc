"""What is in the store, and what befell it: nothing here changes a letter."""
