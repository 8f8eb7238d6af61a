"""``%tfsession use`` in a real kernel."""

import pytest

from .harness import Kernel

IS_EAGER = "print(tf.executing_eagerly())"


@pytest.mark.needs("ipykernel>=7")
def test_cells_of_the_kernel_run_in_it_and_those_of_subshells_do_not(train: Kernel) -> None:
    assert train.run("%tfsession use train").status == "ok"
    try:
        assert train.run(IS_EAGER).stream() == "False\n"
        assert train.run("await __import__('asyncio').sleep(0)\n" + IS_EAGER).stream() == "False\n"
        with train.subshell() as subshell:
            assert train.run(IS_EAGER, subshell=subshell).stream() == "True\n"
        assert train.value("tf.executing_eagerly()") is True  # expressions of front ends are in no cell
    finally:
        assert train.run("%tfsession use --off").status == "ok"
    assert train.run(IS_EAGER).stream() == "True\n"


def test_after_a_close_what_a_front_end_asks_by_itself_does_not_hide_the_failure(train: Kernel) -> None:
    """The expressions of a variable inspector, and its cells without a history."""
    assert train.run("%tfsession use gone").status == "ok"
    assert train.run("%tfsession close gone").status == "ok"
    assert train.value("tf.executing_eagerly()") is True
    assert train.run(IS_EAGER, store_history=False).stream() == "True\n"
    failed = train.run(IS_EAGER)
    assert failed.status == "error"
    assert "'gone', in which every cell was to run, was closed." in failed.text
    assert train.run(IS_EAGER).stream() == "True\n"
