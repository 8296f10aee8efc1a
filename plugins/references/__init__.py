"""Certified solutions of the built-in problems, made by `odebench certify`. Data, no code."""
