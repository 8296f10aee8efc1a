"""Figures for papers and lectures: each takes `Results` and returns a matplotlib `Figure`, that no window shows.

`save` writes one as SVG, PDF or PNG, the same bytes each time.
"""

from .against import against as against
from .break_even import break_even as break_even
from .convergence import convergence as convergence
from .cost_split import cost_split as cost_split
from .error_split import error_split as error_split
from .files import save as save
from .orders import orders as orders
from .pointwise_error import pointwise_error as pointwise_error
from .profiles import data_profile as data_profile
from .profiles import performance_profile as performance_profile
from .speedups import speedups as speedups
from .times import times as times
from .tolerance import tolerance as tolerance
from .work_precision import work_precision as work_precision
