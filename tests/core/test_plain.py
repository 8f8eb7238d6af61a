"""Names from other code, made harmless for the texts that quote them."""

import pytest

from tfsess_magics.core.errors import UnknownSessionError
from tfsess_magics.core.model import Maker, Origin
from tfsess_magics.core.plain import LONGEST, plain, quoted


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("model/größe 1", "model/größe 1"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\u202eb", r"a\u202eb"),
        ("a\nb\r\u2028\tc", r"a\nb\r\u2028\tc"),
        ("half\ud800", r"half\ud800"),
        (r"C:\new", r"C:\new"),
    ],
)
def test_what_is_not_seen_is_an_escape(name: str, text: str) -> None:
    """Visible characters stay as they are."""
    assert plain(name) == text


def test_a_long_name_is_cut_in_the_middle() -> None:
    """The beginning and the end stay, as they tell most."""
    assert plain("a" * LONGEST) == "a" * LONGEST
    cut = plain("begin" + "a" * LONGEST + "end")
    assert len(cut) == LONGEST
    assert (cut[:6], cut[-4:], cut.count("…")) == ("begina", "aend", 1)
    assert len(plain("\x1b" * LONGEST)) == LONGEST


def test_a_name_in_quotes_keeps_both() -> None:
    text = quoted("\x1b" + "a" * LONGEST)
    assert text.startswith(r"'\x1ba")
    assert (text[-1], len(text)) == ("'", LONGEST)


def test_an_origin_is_plain() -> None:
    """Also with odd names of module, function and file."""
    origin = Origin(maker=Maker.OTHER, module="m\x1b[31m", function="f\n", file="/a\u202e/b.py", line=3)
    assert str(origin) == r"m\x1b[31m:f\n a\u202e/b.py:3"
    origin = Origin(maker=Maker.OTHER, module="m" * 1000, function="f", file="/a/b.py", line=3)
    assert str(origin).endswith("m:f a/b.py:3")
    assert len(str(origin)) == LONGEST


def test_a_name_that_no_session_has_is_cut() -> None:
    assert len(str(UnknownSessionError("x" * 1000, ()))) < 300
