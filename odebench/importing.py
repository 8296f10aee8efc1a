"""Entry points of installed plugins: what each asks for, its import, and the memory of one that ended the process.

An import can crash the interpreter or never end, and then there is nobody left to say so. So a file in the user's cache
stands for the plugin while it is imported, and is taken away afterwards: one that is found and locked by nobody was
left by a process that did not survive. Its plugin is left out until its version or its files change; not where the
process was told to end, by SIGTERM or SIGHUP, as `timeout`, a cancelled job and a closed terminal do.

It is as good as can be: of processes that begin at the same moment one may crash and leave no file.
"""

from __future__ import annotations

import faulthandler
import hashlib
import importlib
import importlib.machinery
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from threading import Timer
from typing import Any, TextIO

from .errors import PluginError

try:
    import fcntl
except ModuleNotFoundError:  # Windows, where nothing is remembered
    fcntl = None  # type: ignore[assignment]  # a module elsewhere

PATIENCE_S = 5.0
"""After how long an import that has not ended is spoken of."""

_CODE = (*importlib.machinery.SOURCE_SUFFIXES, *importlib.machinery.EXTENSION_SUFFIXES)


def distribution(entry: metadata.EntryPoint) -> tuple[str, str, list[str]]:
    """Name, version and requirements of the distribution that an entry point is of, as far as they can be had."""
    try:
        told: Any = entry.dist.metadata if entry.dist else None
        said = [told.get_all(key) or [] for key in ("Name", "Version", "Requires-Dist")]
    except Exception:  # half removed, or written by hand
        said = [[], [], []]
    name, version, requirements = said
    return (name or [entry.name])[0], (version or [""])[0], requirements


def check_made_for(this: str, name: str, requirements: Sequence[str]) -> None:
    """Raise `PluginError` where a distribution of that name requires another odebench than this version."""
    from packaging.requirements import InvalidRequirement, Requirement

    for text in requirements:
        if not text.lower().startswith("odebench"):
            continue
        with suppress(InvalidRequirement):
            wanted = Requirement(text)
            applies = wanted.name.lower() == "odebench" and (wanted.marker is None or wanted.marker.evaluate())
            if not applies or wanted.specifier.contains(this, prereleases=True):
                continue
            unmet = [s for s in wanted.specifier if not s.contains(this, prereleases=True)]
            too_new = all(s.operator in ("<", "<=", "!=") for s in unmet)
            line = name if too_new else f"'odebench{wanted.specifier}'"
            raise PluginError(f"needs odebench{wanted.specifier}, this is {this}: pip install --upgrade {line}")


def imported(entry: metadata.EntryPoint) -> Any:
    """The module, or the thing in it, that an entry point names; `PluginError` where that is nowhere."""
    where = f"the entry point {entry.name!r} names {entry.value!r}"
    mend = "Correct it in the plugin's pyproject.toml, or install the plugin again."
    if not entry.pattern.match(entry.value):
        raise PluginError(f"{where}; expected a module, such as 'my_package.my_module'. {mend}")
    try:
        thing = importlib.import_module(entry.module)
    except ModuleNotFoundError as error:
        if error.name and f"{entry.module}.".startswith(f"{error.name}."):
            raise PluginError(f"{where}, and there is no module {error.name!r}. {mend}") from None
        raise
    for attribute in filter(None, (entry.attr or "").split(".")):
        if not hasattr(thing, attribute):
            raise PluginError(f"{where}, and there is no {attribute!r} in it. {mend}")
        thing = getattr(thing, attribute)
    return thing


@contextmanager
def watched(entry: metadata.EntryPoint, name: str, version: str, *, remember: bool) -> Iterator[None]:
    """While an entry point's plugin is imported: say so if that takes long, and remember it if nobody lives to tell.

    remember: False in processes that others may end at any time, which only heed what is remembered. Raises
    `PluginError` where the last import did not end. An import that is interrupted after having been spoken of is
    remembered as one that hangs.
    """
    key = "\0".join([sys.prefix, name, version, entry.value])
    marker = Marker(_folder() / hashlib.sha256(key.encode()).hexdigest()[:16], create=remember)
    try:
        left, when = marker.left()
        if left and not _changed_since(entry, when):
            raise PluginError(
                f"{left}. It is left out until its version or its files change, or until 'odebench list plugins "
                f"--retry'. To see for yourself: python -X faulthandler -c 'import {entry.module}'"
            )
        if remember:
            with _recorded(marker, f"the plugin {entry.value} of {name} {version}".rstrip()), _traced():
                yield
        else:
            marker.close()  # others may want to import
            yield
    finally:
        marker.close()


@contextmanager
def _recorded(marker: Marker, plugin: str) -> Iterator[None]:
    """Leave the marker behind where what is within does not end, or only by Ctrl-C after a long wait."""
    now, began = time.strftime("%Y-%m-%d %H:%M"), time.monotonic()
    marked = marker.write(f"crashed the interpreter when it was imported on {now}, or was ended from outside")
    said = "Ctrl-C ends it" + (", and leaves that plugin out next time." if marked else ".")
    waiting = f"Still importing {plugin} after {PATIENCE_S:g} s. {said}"
    timer = Timer(PATIENCE_S, print, [waiting], {"file": sys.stderr, "flush": True})
    timer.daemon = True
    timer.start()
    hangs = False
    try:
        with marker.noting_signals():
            yield
    except KeyboardInterrupt:
        waited = time.monotonic() - began
        hangs = waited > PATIENCE_S and marker.write(
            f"was not imported within {waited:.0f} s on {now}, and interrupted"
        )
        later = "; it is left out until 'odebench list plugins --retry'" if hangs else ""
        print(f"Interrupted while importing {plugin}{later}.", file=sys.stderr)
        raise
    finally:
        timer.cancel()
        timer.join()
        if marked and not hangs:
            marker.remove()


@contextmanager
def announced(plugin: str) -> Iterator[None]:
    """While a plugin is imported that was asked for by name, and is asked for again: say so if that takes long."""
    with _recorded(Marker(None), plugin), _traced():
        yield


def forget() -> None:
    """Forget all imports that did not end."""
    with suppress(OSError):  # none has been written
        for path in _folder().iterdir():
            with suppress(OSError):
                path.unlink()


def _folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("odebench") / "imports"


class Marker:
    """The file that stands for a plugin while it is imported; of no effect where there can be none.

    Whoever imports holds a lock, which ends with the process however that ends; those who only read share one.
    """

    def __init__(self, path: Path | None, *, create: bool = False) -> None:
        self._path = path
        self._file: TextIO | None = None
        if fcntl is None or path is None:
            return
        with suppress(OSError):
            if create:
                path.parent.mkdir(parents=True, exist_ok=True)
            while True:
                handle = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
                self._file = os.fdopen(handle, "r+", encoding="utf-8", errors="replace")
                if not self._lock(exclusive=False):  # another process is importing the plugin
                    self.close()
                if self._file is None or self._is_at(path):
                    break
                self.close()  # removed in between

    def _is_at(self, path: Path) -> bool:
        with suppress(FileNotFoundError):
            return self._file is not None and os.path.samestat(os.fstat(self._file.fileno()), path.stat())
        return False

    def left(self) -> tuple[str, float]:
        """What a process wrote that did not come to remove it, and when; nothing where there was none."""
        if self._file is None:
            return "", 0.0
        wrote, _, told_to_end = self._file.read().partition("\n")
        return ("" if told_to_end else wrote), os.fstat(self._file.fileno()).st_mtime

    @contextmanager
    def noting_signals(self) -> Iterator[None]:
        """While within, a signal that tells the process to end is noted in the file, behind what was written.

        A handler in Python would run only once the import is back from compiled code, and until then nothing could end
        it; this one of `faulthandler` does not wait.
        """
        if self._file is None:
            yield
            return
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
        for number in before:
            faulthandler.register(number, self._file, all_threads=False, chain=True)
        try:
            yield
        finally:
            for number, handler in before.items():
                faulthandler.unregister(number)
                if (now := signal.getsignal(number)) is not handler:  # the plugin's own
                    signal.signal(number, now)

    def write(self, text: str) -> bool:
        """Write it in place of what was there; False where that cannot be."""
        if self._file and self._lock(exclusive=True):
            with suppress(OSError):
                self._file.seek(0)
                self._file.truncate()
                self._file.write(text and f"{text}\n")
                self._file.flush()
                return True
        return False

    def remove(self) -> None:
        """The import has ended. It is emptied first, for one who has opened it already."""
        if self._path and self.write(""):
            with suppress(OSError):  # empty, it means nothing
                self._path.unlink()

    def close(self) -> None:
        """Let go of it."""
        if self._file:
            self._file.close()
            self._file = None

    def _lock(self, *, exclusive: bool) -> bool:
        if fcntl is None or self._file is None:
            return False
        try:
            fcntl.flock(self._file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def _changed_since(entry: metadata.EntryPoint, moment: float) -> bool:
    """Whether a file of the code that the entry point names is younger."""
    with suppress(ImportError, ValueError, OSError):
        spec = importlib.util.find_spec(entry.module.partition(".")[0])
        if spec is not None:
            files = [Path(spec.origin)] if spec.origin and not spec.submodule_search_locations else []
            for folder in spec.submodule_search_locations or ():
                files += [file for file in Path(folder).rglob("*") if file.name.endswith(_CODE)]
            return any(file.stat().st_mtime > moment for file in files)
    return False


@contextmanager
def _traced() -> Iterator[None]:
    """Where the interpreter crashes, Python says in which line."""
    ours = False
    if not faulthandler.is_enabled():
        with suppress(OSError, ValueError, AttributeError):  # a stderr that is no file
            faulthandler.enable()
            ours = True
    try:
        yield
    finally:
        if ours:
            faulthandler.disable()
