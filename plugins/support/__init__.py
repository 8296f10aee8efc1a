"""Code that the solvers of one family or of one library share. Nothing here registers a solver."""
