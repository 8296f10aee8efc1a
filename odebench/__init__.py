"""odebench: every ODE solver through the same problem, the same clock and the same yardstick."""

from .backends import Array as Array
from .compiling import compile_once as compile_once
from .errors import Diverged as Diverged
from .errors import OdebenchError as OdebenchError
from .errors import SolverFailed as SolverFailed
from .errors import Unsupported as Unsupported
from .errors import Untraceable as Untraceable
from .hookspecs import hookimpl as hookimpl
from .model import IVP as IVP
from .model import Monitor as Monitor
from .model import Problem as Problem
from .model import Solution as Solution
from .model import Solver as Solver
from .model import logarithmic_times as logarithmic_times
from .model import problem as problem
from .model import solver as solver
from .results import Results as Results
from .results import load as load
from .symbols import equations as equations

__version__ = "0.1.0"
