"""A named session on a TensorFlow session that other code made.

It has the number and the meter of the observed session. When its maker closes it the name remains taken, so that no
cell runs in an empty session by mistake.
"""

from __future__ import annotations

import tensorflow as tf

from tfsess_magics.core.errors import NotOursError
from tfsess_magics.core.model import Ended, Kind
from tfsess_magics.tf.context.activation import Activation
from tfsess_magics.tf.context.block import Opening
from tfsess_magics.tf.context.left_open import Gone
from tfsess_magics.tf.session import unused
from tfsess_magics.tf.session.generation import Generation
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.session.observed import ObservedSession


class AdoptedSession(NamedSession):
    """An observed session that the user gave a name, so that cells can enter it.

    It is kept alive until it is closed. Its maker still owns it: it is never reset, and keeps its graph when a cell
    makes another graph the default one.
    """

    kind = Kind.ADOPTED

    def __init__(self, opening: Opening, observed: ObservedSession) -> None:
        super().__init__(opening, Generation(observed.session, observed.watched, None))
        self.created = observed.created

    @property
    def _way_on(self) -> str:
        return f"To give up the name: %tfsession close {self.name}"

    def renew(self, activation: Activation) -> None:
        """Keep its graph."""

    rejoin = renew

    def _follow(self, activation: Activation, graph: tf.Graph, gone: Gone) -> None:
        """Keep its graph."""

    def held_by(self) -> list[str]:
        """Say what refers to the session besides its name here."""
        return unused.held_by(self._now.watched)

    def reset_by(self, by: str) -> Ended:  # noqa: ARG002 - no code can
        """Refuse: only its maker can make it anew.

        Raises
        ------
        NotOursError
            Always.
        """
        raise NotOursError(self.name, str(self.origin))

    def __repr__(self) -> str:
        return f"<AdoptedSession {self.name!r} of {self.origin}>"
