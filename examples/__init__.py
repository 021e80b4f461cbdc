"""Programs that show gearmang at work."""
