"""`python -m odebench`."""

from .cli import main

main()
