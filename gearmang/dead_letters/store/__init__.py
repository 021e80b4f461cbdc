"""Where letters are kept: the seam to the database, its tables, their migrations."""
