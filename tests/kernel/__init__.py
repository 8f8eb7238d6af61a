"""A ``%%tfsession`` cell beside an ordinary one, in real kernels, terminals and notebook runners."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.harness", f"{__name__}.pair")
