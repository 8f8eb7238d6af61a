"""TensorFlow as the place where sessions come from."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

import tensorflow as tf
from tensorflow.python.client.session import BaseSession

from tfsess_magics.core.errors import UPGRADE, InvalidSessionError
from tfsess_magics.core.memory import GivenBack, KernelMemory
from tfsess_magics.core.model import Kind, Maker, Origin, RestoreReply, SaveReply, StopReply
from tfsess_magics.core.notice import Notice, Topic
from tfsess_magics.core.option_values import KEEP, parse_on_stop
from tfsess_magics.core.options import SessionOptions
from tfsess_magics.core.origin import calling_cell, calling_origin
from tfsess_magics.core.plain import quoted
from tfsess_magics.core.registry import SessionRegistry
from tfsess_magics.core.runs import RunMeter
from tfsess_magics.core.trace import RunTrace
from tfsess_magics.tf.context.activation import innermost_activation
from tfsess_magics.tf.context.block import Enterable, Opening
from tfsess_magics.tf.context.cut_off import end_cut_off
from tfsess_magics.tf.context.eager_mode import eager_mode
from tfsess_magics.tf.context.left_open import say_unbound
from tfsess_magics.tf.eager.outside import OutsideScope
from tfsess_magics.tf.eager.scope import EagerScope
from tfsess_magics.tf.explain.explainer import Explainer
from tfsess_magics.tf.explain.functions import called_elsewhere
from tfsess_magics.tf.instrument import observe
from tfsess_magics.tf.instrument.fork import forks
from tfsess_magics.tf.internals import CAPABILITIES, SWAP, TRACE
from tfsess_magics.tf.introspect.callers import caller
from tfsess_magics.tf.introspect.holders import name_in_notebook
from tfsess_magics.tf.introspect.objects import may_be_hidden
from tfsess_magics.tf.introspect.paths import is_between
from tfsess_magics.tf.memory.process import Holder, ProcessMemory
from tfsess_magics.tf.notices.defaults import OpenDefaults
from tfsess_magics.tf.notices.gpu_options import LateGpuOptions
from tfsess_magics.tf.notices.process_settings import ProcessSettings
from tfsess_magics.tf.notices.scopes import OpenScopes
from tfsess_magics.tf.notices.switches import Switches
from tfsess_magics.tf.runs.concurrent import look_among
from tfsess_magics.tf.session.adopted import AdoptedSession
from tfsess_magics.tf.session.config import check_options
from tfsess_magics.tf.session.growth import Growth
from tfsess_magics.tf.session.named import NamedSession
from tfsess_magics.tf.session.observed import ObservedSession
from tfsess_magics.tf.session.saving.restore import restore
from tfsess_magics.tf.session.saving.save import save
from tfsess_magics.tf.session.unused import find_leaked
from tfsess_magics.tf.stopping.stopper import Stopper
from tfsess_magics.tf.tracing import trace

T = TypeVar("T")

_HIDDEN = (
    "code called gc.freeze() before %load_ext, which hides the sessions that code made before that: the list does not "
    "have them, and Stop does not end their runs"
)


class TensorFlow:
    """Makes named sessions, and lists those of other code. Implements `tfsess_magics.core.session.Backend`.

    One for each registry; any thread may call it.
    """

    def __init__(self, registry: SessionRegistry[Any]) -> None:
        self._registry = registry
        self._changing = threading.Lock()
        self._outside: tuple[OutsideScope, Callable[[], None]] | None = None
        """The scope of eager variables that are in no other one, once there is any, and a function that unlists it."""
        self._were: dict[int, ObservedSession] | None = None
        """The sessions known before this package observes again, by the address of the TensorFlow session."""
        self._explainer = Explainer(self._sessions)
        self._stopper = Stopper(self._name_of)
        self._memory = ProcessMemory()
        self._switches = Switches()
        self._settings = ProcessSettings()
        self._open_defaults = OpenDefaults(self._sessions)
        self._open_scopes = OpenScopes()
        self._late_gpu_options = LateGpuOptions()
        off = [error.line for capability in CAPABILITIES if (error := capability.error)]
        self._unsupported = [*off, UPGRADE] if off else []
        """Says what does not work here, after the next cell."""
        forks.look_after(self._meters, self._stopper.forked)
        look_among(lambda: [(session.name, session.watched.meter) for session in self._sessions()])

    def explain(self, error: BaseException | None, *, ends_thread: bool = False) -> None:
        """Look at an error that ends a cell, a block or a thread: see `end_cut_off` and `Explainer`. Never raises."""
        if error is not None:
            end_cut_off(error)
        self._explainer(error, ends_thread=ends_thread)

    def observe(self) -> None:
        """List every TensorFlow session there is, and that is made from now on. Harmless when it is done already."""
        self._were = None
        is_new = observe.install(
            self._meet,
            self._open_defaults.resets.append,
            self._meet_variable,
            self._stopper,
            self._memory.allocators,
            switched=self._switches.called,
            called_elsewhere=partial(called_elsewhere, self._sessions),
        )
        if is_new and may_be_hidden(BaseSession):
            self._unsupported.append(_HIDDEN)

    def stop(self, session: Any, by: str, on_stop: str | None, *, now: bool) -> StopReply:
        """Stop the runs of a session, or its next run if there is none; see `Stopper.stop`."""
        is_entered = isinstance(session, NamedSession) and session.is_entered
        meter = session.watched.meter
        keeps = meter.keeps if on_stop is None else parse_on_stop(on_stop) == KEEP
        return self._stopper.stop(meter, by, keeps=keeps, is_entered=is_entered, now=now)

    def save(self, session: Any, path: str, told: Callable[[str], None]) -> SaveReply:
        """Write the values of a session's variables to a checkpoint; see `save`."""
        return save(session.name, session.watched, path, told)

    def restore(self, session: Any, path: str, told: Callable[[str], None], *, partial: bool) -> RestoreReply:
        """Give a session's variables the values of a checkpoint; see `restore`."""
        return restore(session.name, session.watched, path, told, takes_part=partial)

    def _look_at_memory(self) -> None:
        """Find the allocators that can be asked by now."""
        local = (session.watched.session for session in self._sessions() if not session.watched.target)
        self._memory.look(has_session=any(session is not None for session in local))

    def memory(self, *, ask: bool) -> KernelMemory:
        """Return what this process and its devices hold, and which session has what of it.

        Parameters
        ----------
        ask
            True to find out which variables have a value now.
        """
        self._look_at_memory()
        for session in self._sessions() if ask else ():
            session.watched.graph_variables.totals(ask=True)
        return self._memory.memory((live.number, live.name, _holder(live)) for live in self._registry.live())

    def devices(self) -> list[str]:
        """Return the devices that TensorFlow has found by now, as options take them: ``/GPU:0``.

        It does not look for others: a look at GPUs fixes what the process sees of them, and may write to its terminal.
        """
        found = [device.name for session in self._sessions() for device in session.watched.devices]
        names = ["CPU:0", *self._memory.accelerators(), *found]
        return list(dict.fromkeys(f"/{name.removeprefix('/')}" for name in names))

    def giving_back(self, session: Any, end: Callable[[], T]) -> tuple[T, GivenBack]:
        """Do `end`, which closes or resets a session; return what it returns, and what it gave back."""
        self._look_at_memory()
        return self._memory.giving_back(_holder(session), end)

    def trace(self, session: Any) -> None:
        """Have the next run of a session traced.

        Raises
        ------
        UnavailableError
            If this TensorFlow lacks what that takes.
        """
        TRACE.require()
        session.watched.tracer.order(session.name)

    def new_traces(self) -> tuple[list[RunTrace], list[Notice]]:
        """Return the news of traces; see `trace.new_traces`."""
        traces, untraced = trace.new_traces()
        return traces, [Notice(Topic.TRACES, sentence) for sentence in untraced]

    def _name_of(self, meter: RunMeter) -> str:
        return next((name for name, named in self._named() if named is meter), "a session that is gone")

    def _named(self) -> Iterator[tuple[str, RunMeter]]:
        for session in self._sessions():
            name = repr(session.name) if session.kind is not Kind.OBSERVED else f"session {session.name}"
            yield name, session.watched.meter

    def unobserve(self) -> None:
        """Cease to follow the sessions of other code, and leave nothing on them. Harmless when it is done already."""
        observe.uninstall()
        for observed in self._observed():
            if session := observed.watched.session:
                observe.forget(session)
        with self._changing:
            outside, self._outside = self._outside, None
        if outside:
            outside[1]()

    def _sessions(self) -> list[Any]:
        """Return the live sessions that have a graph."""
        return [live for live in self._registry.live() if not isinstance(live, EagerScope | OutsideScope)]

    def _scopes(self) -> list[EagerScope | OutsideScope]:
        return [live for live in self._registry.live() if isinstance(live, EagerScope | OutsideScope)]

    def _meters(self) -> list[RunMeter]:
        return [session.watched.meter for session in self._sessions()]

    def _observed(self) -> list[ObservedSession]:
        return [session for session in self._registry.observed if isinstance(session, ObservedSession)]

    def _meet(self, session: BaseSession, is_new: bool) -> RunMeter:
        known = None if is_new else self._known(session)
        if known is None:
            origin = calling_origin(Maker.OTHER, is_between) if is_new else Origin(maker=Maker.OTHER)
            known = self._registry.admit(
                lambda number, changed, gone: ObservedSession(number, session, origin, changed, gone)
            )
            if not known.watched.target:
                self._memory.look(has_session=True)
            if is_new:
                self._late_gpu_options.made(session, known.name, origin)
            else:
                # Which operations the runtime has seen is not known; to ask for one that it has not seen does no harm.
                known.watched.meter.version = session.graph.version
        return known.watched.meter

    def _meet_variable(self, variable: Any, is_new: bool) -> None:
        activation = innermost_activation() if is_new else None
        if is_new and activation is None and threading.current_thread() is not threading.main_thread():
            self._tell_starter()
        if activation is not None and isinstance(activation.session, EagerScope):
            activation.session.variables.add(variable)
        elif is_new or not any(variable in scope.variables for scope in self._scopes()):
            self._add_outside([variable])

    def _tell_starter(self) -> None:
        """Have the cell that is in a session, and whose code makes a variable in this thread, say so at its end."""
        cell = calling_cell()
        for session in () if cell is None else self._registry.live():
            activation = session.activation_of(f"cell {cell}") if isinstance(session, Enterable) else None
            text = activation and say_unbound(caller(), session.name)
            if activation and text and (notice := Notice(Topic.BODY, text)) not in activation.notices:
                activation.notices.append(notice)

    def _add_outside(self, variables: Sequence[Any]) -> None:
        if not variables:
            return
        with self._changing:
            if self._outside is None:
                self._outside = self._admit_outside()
        for variable in variables:
            self._outside[0].variables.add(variable)

    def _admit_outside(self) -> tuple[OutsideScope, Callable[[], None]]:
        ends: list[Callable[[], None]] = []

        def make(number: int, changed: Callable[[], None], gone: Callable[..., None]) -> OutsideScope:
            ends.append(gone)
            return OutsideScope(number, changed)

        return self._registry.admit(make), ends[0]

    def _known(self, session: BaseSession) -> ObservedSession | None:
        """Return the record of a session from an earlier observation, None if there is none."""
        if self._were is None:
            sessions = ((id(known.watched.session), known) for known in self._observed())
            self._were = dict(sessions)
        known = self._were.get(id(session))
        return known if known is not None and known.watched.session is session else None

    def news(self) -> list[Notice]:
        """Return what to say after a cell: what holds for the process from now on, or is left open in this thread."""
        self._look_at_memory()
        unsupported, self._unsupported = self._unsupported, []
        told = {
            Topic.SUPPORT: unsupported,
            Topic.SWITCHES: [*self._switches.news(), *self._settings.news()],
            Topic.GPU_OPTIONS: self._late_gpu_options.news(),
            Topic.DEFAULTS: [] if SWAP.missing else self._open_defaults.news(),
            Topic.SCOPES: [] if SWAP.missing else self._open_scopes.news(),
            Topic.EAGER_MODE: [] if SWAP.missing else eager_mode.news(),
            Topic.GROWTH: Growth.news(self._sessions),
        }
        return [Notice(topic, sentence) for topic, sentences in told.items() for sentence in sentences]

    def find(self, session: object) -> ObservedSession:
        """Return the record of a session of other code.

        Parameters
        ----------
        session
            A TensorFlow session, or a ``MonitoredSession`` around one.

        Raises
        ------
        InvalidSessionError
            If it is something else, a named session, or closed.
        """
        if isinstance(session, tf.compat.v1.train.MonitoredSession | tf.compat.v1.train.SingularMonitoredSession):
            inner = session._tf_sess()
            if inner is None:
                raise InvalidSessionError(f"that session was closed: {quoted(session)}.")
            session = inner
        if isinstance(session, EagerScope | OutsideScope):
            raise InvalidSessionError(f"{session.name!r} has no TensorFlow session: it is eager.")
        for named in self._sessions():
            if session is named or (isinstance(session, BaseSession) and session is getattr(named, "session", None)):
                if isinstance(named, ObservedSession):
                    return named
                raise InvalidSessionError(f"that is the session {named.name!r} already.")
        if not isinstance(session, BaseSession):
            raise InvalidSessionError(f"a TensorFlow session is wanted, got {quoted(session)}.")
        raise InvalidSessionError(f"that session was closed: {quoted(session)}.")

    def options(self, **given: Any) -> SessionOptions:
        """Check options as the user gave them; see `check_options`."""
        return check_options(**given)

    def unused(self, sessions: Iterable[Any]) -> set[int]:
        """Return the numbers of those `sessions` to which one name in one module is the only reference.

        One that a cell made is in use while the notebook has a name for it.
        """
        return find_leaked({observed.number: observed.watched for observed in sessions if not _is_cells_own(observed)})

    def adopt(self, observed: ObservedSession, name: str, changed: Callable[[], None]) -> AdoptedSession:
        """Make a named session of an observed one, with the same number; raises as `open` does."""
        SWAP.require()
        opening = Opening(observed.number, name, SessionOptions(), observed.origin, changed, self.explain)
        return AdoptedSession(opening, observed)

    def open(
        self, number: int, name: str, options: SessionOptions, origin: Origin, changed: Callable[[], None]
    ) -> NamedSession | EagerScope:
        """Make a new session, or an eager scope, and see from now on what happens in it.

        Raises
        ------
        UnavailableError
            If this TensorFlow lacks what it takes to run cells in sessions.
        """
        SWAP.require()
        self.observe()
        opening = Opening(number, name, options, origin, changed, self.explain)
        if options.eager:
            return EagerScope(opening, self._add_outside)
        opened = NamedSession(opening)
        self._memory.look(has_session=True)
        return opened


def _is_cells_own(observed: Any) -> bool:
    return observed.origin.cell is not None and bool(name_in_notebook(observed.watched.session))


def _holder(session: Any) -> Holder:
    holder: Holder = session.variables if isinstance(session, EagerScope | OutsideScope) else session.watched
    return holder
