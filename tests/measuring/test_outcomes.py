"""What an exception means for a row."""

import pytest

from odebench.outcomes import outcome


def raised(call):
    with pytest.raises(ImportError) as caught:
        call()
    return caught.value


def by_a_library():
    import half_installed

    return half_installed


def own_mistake():
    from json import solve

    return solve


def test_a_library_that_is_there_and_cannot_be_imported_is_unavailable(tmp_path, monkeypatch):
    (tmp_path / "half_installed.py").write_text("raise ImportError('libfoo.so: undefined symbol')")
    monkeypatch.syspath_prepend(tmp_path)
    status, reason = outcome(raised(by_a_library))
    assert status == "unavailable"
    assert "libfoo.so: undefined symbol" in reason


def test_a_wrong_import_of_the_plugins_own_has_failed():
    status, reason = outcome(raised(own_mistake))
    assert status == "failed"
    assert "cannot import name 'solve'" in reason
