"""Problems: one family a file."""
