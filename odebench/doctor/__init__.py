"""Why does it not train? Each pathology is a file: its signal, threshold, finding and remedy.

`Examiner(ivp)` is a monitor that watches one solve; `examiner.examination(solution, truth=..., parameters=...)` is what
it saw, and `diagnoses(examination, solver)` what is wrong with it. `examine` does all of it for a case.
"""

from .checkup import Checkup as Checkup
from .checkup import Treatment as Treatment
from .checkup import Unexaminable as Unexaminable
from .checkup import examine as examine
from .checkup import one_variant as one_variant
from .checkup import treat as treat
from .diagnoses import PATHOLOGIES as PATHOLOGIES
from .diagnoses import diagnoses as diagnoses
from .diagnoses import over_seeds as over_seeds
from .diagnosis import Diagnosis as Diagnosis
from .diagnosis import Pathology as Pathology
from .examination import Examination as Examination
from .examiner import Examiner as Examiner
from .seed_luck import seed_luck as seed_luck
