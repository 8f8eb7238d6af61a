"""A part of an object that is made when it is used first is made once."""

import threading

from tfsess_magics.core.lazy import Lazy


def make_part(whole: "Whole") -> "Part":
    return Part(whole)


class Whole:
    made = 0

    part = Lazy(make_part)


class Part:
    def __init__(self, whole: Whole) -> None:
        whole.made += 1


def test_it_is_made_at_its_first_use() -> None:
    whole = Whole()
    assert whole.made == 0
    assert whole.part is whole.part
    assert (whole.made, type(whole.part)) == (1, Part)
    assert Whole().part is not whole.part


def test_threads_that_make_it_at_once_get_the_same() -> None:
    meeting = threading.Barrier(2)

    class Meeting(Whole):
        part = Lazy(lambda whole: (meeting.wait(20), make_part(whole))[1])

    whole, got = Meeting(), list[Part]()
    threads = [threading.Thread(target=lambda: got.append(whole.part)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert whole.made == 2
    assert got[0] is got[1] is whole.part
