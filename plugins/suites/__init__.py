"""Suites: TOML files that name problems, solvers and effort. docs/suites.md says how to write one."""
