"""Solvers: one method a file, named for the method."""
