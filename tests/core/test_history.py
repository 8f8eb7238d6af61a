from tfsess_magics.core.history import KEPT, MemoryHistory, is_change


def test_only_changes_of_over_a_hundredth_are_kept() -> None:
    history = MemoryHistory()
    assert [history.add(1, at, nbytes) for at, nbytes in enumerate([0, 0, 1000, 1010, 1011])] == [
        True,
        False,
        True,
        False,
        True,
    ]
    assert history.samples(1) == ((0, 0), (2, 1000), (4, 1011))


def test_there_is_room_for_so_many() -> None:
    history = MemoryHistory()
    for at in range(2 * KEPT):
        history.add(1, at, 2**at)
    assert [at for at, _ in history.samples(1)] == list(range(KEPT, 2 * KEPT))


def test_what_becomes_known_or_unknown_is_a_change() -> None:
    assert (is_change(None, 0), is_change(0, None), is_change(None, None), is_change(0, 0)) == (
        True,
        True,
        False,
        False,
    )
