"""What a solver plugin must keep: rules that look at a solver, and findings in plain words with a call to paste.

`Contract(Subject(solver)).outcome(name)` is what comes of a rule. `odebench.testing` has them as tests, and
`odebench check` as a command.
"""

from .contract import RULES as RULES
from .contract import Contract as Contract
from .contract import chosen as chosen
from .contract import hold as hold
from .problems import PROBLEMS as PROBLEMS
from .problems import ContractProblem as ContractProblem
from .rule import BROKEN as BROKEN
from .rule import KEPT as KEPT
from .rule import NOT_APPLICABLE as NOT_APPLICABLE
from .rule import NOT_TRIED as NOT_TRIED
from .rule import Finding as Finding
from .rule import Outcome as Outcome
from .rule import Rule as Rule
from .selection import ToCheck as ToCheck
from .selection import to_check as to_check
from .separate import hold_apart as hold_apart
from .subject import ACCURACY as ACCURACY
from .subject import Subject as Subject
from .subject import locate_by_name as locate_by_name
