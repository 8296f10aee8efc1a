"""Figures for papers and lectures: each takes `Results` and returns a matplotlib `Figure`, that no window shows.

`files.save` writes one as SVG, PDF or PNG, the same bytes each time.
"""

from .convergence import convergence as convergence
from .files import save as save
from .times import times as times
from .work_precision import work_precision as work_precision

FIGURES = (work_precision, times, convergence)
"""In the order in which they are made."""
