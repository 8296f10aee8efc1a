"""One host per test process, for lists of parameters and for tests that register nothing in it."""

from odebench.host import Host

HOST = Host(from_environment=False)
