"""Print, as a Markdown table, how far published end values of the test sets agree with odebench's references.

python docs/published_values.py
"""

import json
from pathlib import Path

import numpy as np

from odebench import references
from odebench.host import Host

PUBLISHED = Path(__file__).parents[1] / "tests/references/data/published.json"
HEADER = (
    "| problem | largest difference | of the largest value taken | of the largest end value "
    "| of the worst component | reference's own error |"
)


def main() -> None:
    """Print the table."""
    host = Host(from_environment=False)
    print(HEADER)
    print("|---|---|---|---|---|---|")
    for name, published in json.loads(PUBLISHED.read_text()).items():
        if name not in host.problems:  # kept for a problem that is not offered
            continue
        reference = references.reference(host.problem(name)(**published["parameters"]))
        ours, theirs = reference.y[-1], np.asarray(published["y"])
        apart = np.maximum(np.abs(theirs - ours), 1e-16 * np.abs(ours))
        relative = np.divide(apart, np.abs(ours), where=ours != 0, out=np.zeros_like(apart))
        worst = int(relative.argmax())
        of_all, of_end = apart.max() / np.abs(reference.y).max(), apart.max() / np.abs(ours).max()
        digits = [f"{max(0.0, -np.log10(part)):.1f}" for part in (of_all, of_end, relative[worst])]
        print(
            f"| {name} | {apart.max():.1e} | {digits[0]} | {digits[1]} | {digits[2]} (y{worst + 1}) "
            f"| {reference.error:.1e} |"
        )


if __name__ == "__main__":
    main()
