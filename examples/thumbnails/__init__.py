"""A thumbnail service: pictures are queued in gearmand, workers shrink them."""
