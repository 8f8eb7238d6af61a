import pytest

from tfsess_magics.core.errors import InvalidNameError
from tfsess_magics.core.names import check_name


@pytest.mark.parametrize("name", ["a", "Z", "train", "a1", "a_b-c.d", "x" * 64])
def test_a_letter_then_letters_digits_and_marks_is_a_name(name: str) -> None:
    """A name is a letter, then letters, digits, ``_ - .``, at most 64 characters."""
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("", "the name is empty"),
        ("1a", "'1a' does not start with a letter"),
        ("_a", "'_a' does not start with a letter"),
        ("-a", "does not start with a letter"),
        ("a b", "contains ' '"),
        ("a/b", "'a/b' contains '/'"),
        ("naïve", "'naïve' contains 'ï'"),
        ("a\n", r"contains '\\n'"),
        ("<b>", "does not start with a letter"),
        ("x" * 65, "has 65 characters"),
    ],
)
def test_a_bad_name_says_what_is_wrong_and_what_is_allowed(name: str, what: str) -> None:
    """The message has the value, what is wrong with it and the rule."""
    with pytest.raises(InvalidNameError, match=rf"{what}; a name is a letter .* at most 64 characters"):
        check_name(name)


def test_a_verb_is_no_name() -> None:
    with pytest.raises(InvalidNameError, match=r"'close' is a verb, and no session has that name\. Give the session"):
        check_name("close")
    assert check_name("Close") == "Close"


def test_a_name_that_is_no_string_is_refused() -> None:
    """The Python API may be given anything."""
    with pytest.raises(InvalidNameError, match="is a string, got 7"):
        check_name(7)  # type: ignore[arg-type]
