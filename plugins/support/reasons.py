"""Why a right-hand side could not be tried with another package's numbers, in the words of a row."""


def why(error: Exception) -> str:
    """Its kind and the first line of what it says."""
    return f"{type(error).__name__}: " + str(error).partition("\n")[0].rstrip(".")
