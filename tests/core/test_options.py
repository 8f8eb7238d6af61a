import pytest

from tfsess_magics.core.errors import InvalidOptionError, OptionConflictError
from tfsess_magics.core.option_values import ConfigOption, Threads, parse_seed, parse_threads
from tfsess_magics.core.options import SessionOptions


@pytest.mark.parametrize(
    ("value", "threads"),
    [
        ("2", Threads(2)),
        ("2,4", Threads(2, 4)),
        ("2, 4", Threads(2, 4)),
        (2, Threads(2)),
        ((2, 4), Threads(2, 4)),
        ("0", Threads(0)),
    ],
)
def test_threads_are_one_number_or_two(value: object, threads: Threads) -> None:
    """INTRA or INTRA,INTER, from the magic as text and from Python as numbers."""
    assert parse_threads(value) == threads


@pytest.mark.parametrize(
    "value", ["", "two", "1,2,3", "-1", "2,-1", 2**31, b"2", "1.5", 1.5, True, None, (), (1, 2, 3), ["x"]]
)
def test_other_threads_say_what_is_allowed(value: object) -> None:
    """The message has the value and the form."""
    with pytest.raises(InvalidOptionError, match=r"--threads takes INTRA or INTRA,INTER, whole numbers.*; got "):
        parse_threads(value)


@pytest.mark.parametrize(("value", "seed"), [("7", 7), (7, 7), ("-1", -1), (0, 0), (2**63 - 1, 2**63 - 1)])
def test_a_seed_is_a_whole_number(value: object, seed: int) -> None:
    """From text or as a number."""
    assert parse_seed(value) == seed


@pytest.mark.parametrize("value", ["x", "1.5", 1.5, True, 2**63, "", []])
def test_other_seeds_say_what_is_allowed(value: object) -> None:
    """The message has the value and the form."""
    with pytest.raises(InvalidOptionError, match="--seed takes a whole number of at most 64 bits; got"):
        parse_seed(value)


def test_the_same_options_again_are_accepted() -> None:
    """An option given again with the same value, or left out, is no conflict; configs compare by their bytes."""
    options = SessionOptions(threads=Threads(2), seed=7, config=ConfigOption(b"x", "a: 1", "--config one"))
    options.require_same(SessionOptions(), "train")
    options.require_same(SessionOptions(threads=Threads(2)), "train")
    options.require_same(SessionOptions(config=ConfigOption(b"x", "a:1", "--config two")), "train")


@pytest.mark.parametrize(
    ("opened_with", "again", "values"),
    [
        (
            SessionOptions(threads=Threads(2)),
            SessionOptions(threads=Threads(3)),
            "--threads 3 was given, it was opened with 2",
        ),
        (SessionOptions(), SessionOptions(seed=0), "--seed 0 was given, it was opened without"),
        (
            SessionOptions(config=ConfigOption(b"x", "a: 1", "")),
            SessionOptions(config=ConfigOption(b"y", "a: 2", "")),
            "--config a: 2 was given, it was opened with a: 1",
        ),
    ],
)
def test_another_value_names_both_and_says_how_to_recreate(
    opened_with: SessionOptions, again: SessionOptions, values: str
) -> None:
    """Never silently ignored."""
    with pytest.raises(OptionConflictError) as error:
        opened_with.require_same(again, "train")
    assert values in str(error.value)
    assert "%tfsession close train" in str(error.value)


def test_options_are_written_as_they_are_given() -> None:
    """The text of options can be put behind a name again."""
    config = ConfigOption(b"", "", "--config-file gpu.txt")
    options = SessionOptions(config=config, device="/device:CPU:0", threads=Threads(2, 4), seed=7)
    assert str(options) == "--config-file gpu.txt --device /device:CPU:0 --threads 2,4 --seed 7"
    assert str(SessionOptions()) == ""
