"""Numbers and variants in words: those of `odebench.text`, with which results show themselves as well."""

from ..text import digits as digits
from ..text import error as error
from ..text import labels as labels
from ..text import markdown as markdown
from ..text import number as number
from ..text import plain as plain
from ..text import ratio as ratio
from ..text import seconds as seconds
