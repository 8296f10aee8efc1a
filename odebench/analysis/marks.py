"""What has to be said of a case wherever a number of it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

ORACLE = "oracle"
"""It is told the solution, and not ranked."""
AT_FLOOR = "at reference floor"
"""Its error may be smaller than the reference can tell."""
UNSTABLE = "unstable"
"""Its times scatter."""
INCOMPLETE = "incomplete"
"""Some of its samples worked and some did not."""
MARKS = (ORACLE, AT_FLOOR, UNSTABLE, INCOMPLETE)


def of(table: pd.DataFrame, *, oracle: pd.Series[bool], worked: pd.Series[Any]) -> pd.Series[str]:
    """The marks of each case, as 'at reference floor, unstable'; empty where there is nothing to say.

    `table` has `at_reference_floor`, `unstable` and `samples` a case; `worked` says how many of these are ok.
    """
    import pandas as pd

    which = {
        ORACLE: oracle,
        AT_FLOOR: table["at_reference_floor"],
        UNSTABLE: table["unstable"],
        INCOMPLETE: (worked > 0) & (worked < table["samples"]),
    }
    columns = [[mark if found is True or found == 1 else "" for found in which[mark]] for mark in MARKS]
    said = [", ".join(filter(None, row)) for row in zip(*columns, strict=True)]
    return pd.Series(said, index=table.index, dtype=object)
