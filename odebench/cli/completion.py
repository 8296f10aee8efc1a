"""`odebench completion`: the scripts of bash, zsh and fish that ask on TAB how a line goes on, and the answers.

click finds out which argument is being completed. Each script hands over the line as it was typed, since each shell
splits words in its own way: bash at every `=`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

_SPECIAL = " \t\n\"'\\$`&|;<>()*?[]#~!{}"


@dataclass
class Word:
    """A word of a command line, as far as it has been typed."""

    text: str = ""
    """What the shell will make of it: without quotes and backslashes."""
    quote: str = ""
    """The quote that is still open."""
    replaced: int = 0
    """How many letters of the text bash keeps: it replaces what follows an open quote or the last of its breaks."""


def split(line: str, breaks: str = "") -> list[Word]:
    """The words of a line; the last is the one being typed, and empty after a space."""
    words, escaped, begun = [Word()], False, False
    for letter in line:
        word = words[-1]
        if escaped:
            word.text, escaped, begun = word.text + letter, False, True
        elif letter == "\\" and word.quote != "'":
            escaped = begun = True
        elif word.quote:
            word.quote = "" if letter == word.quote else word.quote
            word.text += letter if word.quote else ""
            word.replaced = word.replaced if word.quote else len(word.text)
        elif letter in "'\"":
            word.quote, word.replaced, begun = letter, len(word.text), True
        elif letter.isspace():
            if begun:
                words.append(Word())
            begun = False
        else:
            word.text, begun = word.text + letter, True
            if letter in breaks:
                word.replaced = len(word.text)
    return words


def escaped(text: str, quote: str) -> str | None:
    """A text as it is to be typed in bash within this quote; None where it cannot be."""
    if quote == "'":
        return None if "'" in text else text
    special = '"$`\\' if quote else _SPECIAL
    return "".join(f"\\{letter}" if letter in special else letter for letter in text)


class _FromLine(ShellComplete):
    """Reads the line that the script hands over; offers whole words, and nothing where anything goes wrong."""

    word = Word()

    def source(self) -> str:
        return self.source_template  # click's for bash asks which bash there is

    def get_completion_args(self) -> tuple[list[str], str]:
        words = split(os.environ.get("COMP_LINE", ""), os.environ.get("COMP_WORDBREAKS", ""))
        self.word = words[-1]
        self.ctx_args["obj"] = self.word
        return [word.text for word in words[1:-1]], self.word.text

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        option, equals, _ = incomplete.partition("=")
        joined = option + equals if incomplete.startswith("--") and equals else ""
        try:
            offered = super().get_completions(args, incomplete)
        except Exception:  # a prompt is no place for a traceback
            return []
        for item in offered:
            item.value = joined + item.value
        return offered

    def format_completion(self, item: CompletionItem[str]) -> str:
        about = " ".join((item.help or "").split())
        return f"{item.type}\t{item.value}\t{about}"


class _Bash(_FromLine, BashComplete):
    source_template: ClassVar[str] = """\
_odebench_completion() {
    local kind word about
    COMPREPLY=()
    while IFS=$'\\t' read -r kind word about; do
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$word") ;;
        esac
    done < <(COMP_LINE=${COMP_LINE:0:COMP_POINT} COMP_WORDBREAKS=$COMP_WORDBREAKS \\
        _ODEBENCH_COMPLETE=bash_complete "${1/#\\~/$HOME}" 2> /dev/null)
}
complete -o nosort -F _odebench_completion odebench
"""

    def complete(self) -> str:
        lines = []
        args, incomplete = self.get_completion_args()
        for item in self.get_completions(args, incomplete):
            typed = escaped(item.value[self.word.replaced :], self.word.quote)
            if typed is not None:
                item.value = typed
                lines.append(self.format_completion(item))
        return "\n".join(lines)


class _Zsh(_FromLine, ZshComplete):
    source_template: ClassVar[str] = """\
#compdef odebench
_odebench() {
    local kind word about line="${(j: :)words[1,CURRENT-1]} ${words[CURRENT]}"
    local -a whole whole_shown begun begun_shown
    while IFS=$'\\t' read -r kind word about; do
        case $kind in
            dir) _files -/ ;;
            file) _files ;;
            begun) begun+=("$word"); begun_shown+=("$word${about:+  -- $about}") ;;
            plain) whole+=("$word"); whole_shown+=("$word${about:+  -- $about}") ;;
        esac
    done < <(COMP_LINE=$line _ODEBENCH_COMPLETE=zsh_complete ${~words[1]} 2> /dev/null)
    compadd -l -V odebench -d whole_shown -a whole
    compadd -l -V odebench -S '' -d begun_shown -a begun
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _odebench "$@"
else
    compdef _odebench odebench
fi
"""

    def format_completion(self, item: CompletionItem[str]) -> str:
        if item.goes_on:
            item.type = "begun"
        return super().format_completion(item)


class _Fish(_FromLine, FishComplete):
    source_template: ClassVar[str] = """\
function __odebench_complete
    set -l line (commandline -cp | string collect)
    set -l tokens (commandline -opc)
    for item in (env COMP_LINE=$line _ODEBENCH_COMPLETE=fish_complete $tokens[1] 2> /dev/null)
        set -l parts (string split -m 2 \\t -- $item)
        switch $parts[1]
            case dir
                __fish_complete_directories $parts[2]
            case file
                __fish_complete_path $parts[2]
            case plain
                printf '%s\\t%s\\n' $parts[2] $parts[3]
        end
    end
end
complete --command odebench --no-files --keep-order --arguments '(__odebench_complete)'
"""


SHELLS: dict[str, type[ShellComplete]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}
for _shell in SHELLS.values():
    add_completion_class(_shell)


@click.command()
@click.argument("shell", type=click.Choice([*SHELLS]))
def completion(shell: str) -> None:
    """Print the script that makes TAB complete commands, options, solvers, problems, their parameters, and runs.

    \b
    Install it by one line:
      bash   echo 'eval "$(odebench completion bash)"' >> ~/.bashrc
      zsh    echo 'eval "$(odebench completion zsh)"' >> ~/.zshrc      (after compinit)
      fish   odebench completion fish > ~/.config/fish/completions/odebench.fish

    \b
    Examples:
      eval "$(odebench completion bash)"
      odebench run -s 'scipy-ivp[me<TAB>
    """
    click.echo(SHELLS[shell].source_template, nl=False)
