"""From an error of TensorFlow's to what to do about it, as a note under the error.

The objects are those that TensorFlow had in hand when it raised the error, found in its frames; none is kept.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops

from tfsess_magics.core.model import Kind
from tfsess_magics.tf.belongings import KERAS, describe, home_of, place_of, successor_of
from tfsess_magics.tf.ended import explain_ended
from tfsess_magics.tf.holders import name_in_notebook
from tfsess_magics.tf.nesting import explain_nesting
from tfsess_magics.tf.observe import closed_by
from tfsess_magics.tf.raised import chain, is_by_keras, variables_in
from tfsess_magics.tf.stay import Stay, innermost_stay
from tfsess_magics.tf.unbound import explain_unbound
from tfsess_magics.tf.uninitialized import explain_uninitialized
from tfsess_magics.tf.watched import known

_log = logging.getLogger(__name__)
_PREFIX = "tfsess_magics: "
_PLACEHOLDER = "SESSION"
_THREAD = (
    "it was raised in another thread than the cell's, and TensorFlow's defaults are those of one thread. "
    "To carry the cell's session there: tfsess_magics.bind(function)"
)

_ENTER_GRAPH = "To work in its graph: %%tfsession NAME --graph GRAPH"


def _session_in(error: BaseException, *methods: str) -> Any:
    """Return the session, also that of a callable, in one of whose `methods` the error was raised."""
    found = variables_in(error, *methods).get("self")
    return found if hasattr(found, "graph") else getattr(found, "_session", None)


def _graph_stay() -> Stay | None:
    """Return the stay that this thread is in, None if there is no graph in it."""
    stay = innermost_stay()
    return None if stay is None or stay.session.kind is Kind.EAGER else stay


class Explainer:
    """Adds a note to the errors that it understands; any thread may call it. It never raises.

    Parameters
    ----------
    live
        Gives the live sessions.
    """

    def __init__(self, live: Callable[[], Iterable[Any]]) -> None:
        self._live = live

    def __call__(self, error: BaseException | None, *, ends_thread: bool = False) -> None:
        """Add a note to `error`, or to the one it came from, unless there is one.

        `ends_thread`: nobody has caught it in this thread, which is no cell's.
        """
        try:
            errors = list(chain(error)) if isinstance(error, Exception) else []
            if any(note.startswith(_PREFIX) for one in errors for note in getattr(one, "__notes__", ())):
                return
            for one in errors:
                unbound = explain_unbound(one, self._live()) if ends_thread and _graph_stay() is None else None
                if note := unbound or self._note(one):
                    one.add_note(_PREFIX + note)
                    return
        except Exception:  # noqa: BLE001 - the user's error is what matters
            _log.debug("an error could not be explained", exc_info=True)

    def _note(self, error: BaseException) -> str | None:
        message = str(error)
        for pattern, explain in _RULES:
            if match := pattern.search(message):
                return explain_ended(error) or explain(self, error, match)
        return None

    def _here(self, graph: tf.Graph | None = None) -> tuple[str, str]:
        """Return the name of the session that is meant by "here", and a sentence that says it."""
        stay = _graph_stay()
        if stay is not None and graph in (None, stay.generation.graph):
            who = "this cell" if stay.by.startswith("cell") else "this block"
            return stay.session.name, f"{who} runs in {stay.session.name!r}"
        if graph is None:
            return "", "this cell is eager" if tf.executing_eagerly() else "this code is in no named session"
        home = home_of(graph, self._live())
        is_known = home.name or home.generation is not None
        return home.name or "", f"it was used {home.text if is_known else 'in another graph'}"

    def _other_graph(self, error: BaseException, _: re.Match[str]) -> str | None:
        if found := variables_in(error, "_assert_same_graph"):
            elements = [found["item"], found["original_item"]]
            graph = None if tf.executing_eagerly() else ops.get_default_graph()
            if graph not in [element.graph for element in elements]:
                both = "; ".join(describe(element, self._live()) for element in reversed(elements))
                return f"{both}. Evaluate one of them, and pass the value to the graph of the other"
            return self._foreign(next(element for element in elements if element.graph is not graph), graph)
        if found := variables_in(error, "_as_graph_element_locked"):
            element = ops._as_graph_element(found["obj"]) or found["obj"]
            return None if element.graph is found["self"] else self._foreign(element, found["self"])
        if found := variables_in(error, "_eval_using_default_session"):
            return self._foreign(found["tensors"], found["session"].graph)
        if found := variables_in(error, "_run_using_default_session"):
            return self._foreign(found["operation"], found["session"].graph)
        return None

    def _foreign(self, element: Any, graph: tf.Graph) -> str:
        after_reset = self._after_reset(repr(element.name), graph)
        if after_reset and element.graph is ops.get_default_graph():
            return after_reset
        home = home_of(element.graph, self._live())
        name, here = self._here(graph)
        if home.name is None:
            is_named = name and not name.startswith("#")
            remedy = f"Build it again in {name!r}." if is_named else "Build it in the graph where it is used."
        elif home.name.startswith("#"):
            remedy = f"To run it where it was made: %tfsession adopt {home.name} NAME"
        else:
            way = "Run it there" if isinstance(element, tf.Operation) else "Evaluate it there and pass the value"
            remedy = f"{way}: %%tfsession {home.name}"
        return f"{describe(element, self._live())}; {here}. {remedy}"

    def _after_reset(self, what: str, used_in: tf.Graph) -> str | None:
        """Explain why what the new default graph has does not run before the cell is over."""
        stay = _graph_stay()
        if not (stay and stay.resets and stay.session.kind is Kind.NAMED and used_in is stay.generation.graph):
            return None
        return (
            f"{what} was made after reset_default_graph, which {stay.resets[-1]} called; {self._here()[1]}, which "
            f"goes on with the new graph when this is over. Run it then: %%tfsession {stay.session.name}"
        )

    def _out_of_scope(self, error: BaseException, _: re.Match[str]) -> str | None:
        inputs = variables_in(error, "quick_execute").get("inputs") or ()
        element = next((i for i in inputs if isinstance(i, tf.Tensor) and not hasattr(i, "numpy")), None)
        if element is None:
            weight = variables_in(error, "__tf_tensor__", of=KERAS).get("self")
            element = getattr(getattr(weight, "value", None), "handle", None)
        if element is None or hasattr(element, "numpy") or element.graph.building_function:
            return None
        if _graph_stay():
            return _THREAD
        return f"{describe(element, self._live())}; this cell is eager. {self._way_to(element)}"

    def _way_to(self, element: Any) -> str:
        """Say how an eager cell gets to where an element of a graph is."""
        home = home_of(element.graph, self._live())
        if home.name is None:
            known = home.generation is not None
            return f"Build it again: %%tfsession {home.successor or 'NAME'}" if known else _ENTER_GRAPH
        if home.name.startswith("#"):
            return f"To go on there: %tfsession adopt {home.name} NAME"
        return f"Go on there: %%tfsession {home.name}"

    def _needs_graph(self, error: BaseException, _: re.Match[str]) -> str:
        if _graph_stay() and not tf.executing_eagerly():
            return _THREAD
        evaluated = getattr(variables_in(error, "eval").get("self"), "handle", None)
        if isinstance(evaluated, tf.Tensor):
            if hasattr(evaluated, "numpy"):
                return "the variable was made in eager mode. To get its value: .numpy()"
            return f"{describe(evaluated, self._live())}; this cell is eager. {self._way_to(evaluated)}"
        return "this code builds a graph, and here TensorFlow is eager. Put the cell in a session: %%tfsession NAME"

    def _eager_tensor(self, error: BaseException, _: re.Match[str]) -> str | None:
        captured = variables_in(error, "__tf_tensor__").get("self")
        fetched = variables_in(error, "_as_graph_element_locked").get("obj")
        fed = variables_in(error, "_run").get("subfeed_val")
        tensor = next((t for t in (captured, fetched, fed) if t is not None), None)
        if not isinstance(tensor, tf.Tensor):
            return None
        if not hasattr(tensor, "numpy"):
            return f"{describe(tensor, self._live())}; run it first, and feed its value."
        what = "a variable" if tensor.dtype == tf.resource else f"a tensor of shape {tensor.shape}"
        return f"{what} was made in eager mode and is in no graph; {self._here()[1]}. Pass its value: .numpy()"

    def _empty_graph(self, error: BaseException, _: re.Match[str]) -> str | None:
        session = variables_in(error, "_run", "partial_run_setup").get("self")
        if session is None:
            return None
        if after_reset := self._after_reset("what is to be run", session.graph):
            return after_reset
        on = known(session, self._live())
        if on is not None and not on.name.startswith("#"):
            return (
                f"the graph of {on.name!r} (generation {on.generation}) has no operations yet. "
                f"Build them in it: %%tfsession {on.name}"
            )
        which = f"{on.name}, made by {on.origin}" if on else "closed"
        if _graph_stay():
            return (
                f"the graph of this session ({which}) has no operations; {self._here()[1]}, and builds there. "
                "To build in the graph of a session: with session.graph.as_default()"
            )
        return (
            f"the graph of this session ({which}) has no operations; what an ordinary cell builds is "
            "eager and in no graph. Build and run in one session: %%tfsession NAME"
        )

    def _closed(self, error: BaseException, _: re.Match[str]) -> str | None:
        session = _session_in(
            error, "_run", "partial_run", "partial_run_setup", "_extend_graph", "_call_tf_sessionrun", "__call__"
        )
        if session is None:
            return None
        by = closed_by(session)
        was = f"the session was closed{f' by {by}' if by else ''}"
        if successor := successor_of(session):
            present = f"tfsess_magics.get({successor!r}).session"
            return f"{was}; it was used before the reset of {successor!r}. Ask for the present one: {present}"
        return f"{was}, and its variables are gone. Run again what made it, and close it after its last use"

    def _uninitialized(self, error: BaseException, _: re.Match[str]) -> str | None:
        session = _session_in(error, "_run", "__call__")
        on = known(session, self._live())
        if on is None:
            return None
        if on.name[0] != "#":
            return explain_uninitialized(on.watched, f"tfsess_magics.get({on.name!r}).session")
        name = name_in_notebook(session)
        said = explain_uninitialized(on.watched, name or _PLACEHOLDER)
        if said and not name and f"{_PLACEHOLDER}.run(" in said:
            which = f"{on.name}, made by {on.origin}, which has no name in the notebook"
            said += f", where {_PLACEHOLDER} stands for {which}"
        return said

    def _no_default_session(self, error: BaseException, _: re.Match[str]) -> str | None:
        found = variables_in(error, "_eval_using_default_session", "_run_using_default_session")
        element = found.get("tensors", found.get("operation"))
        if element is None:
            return None
        stay = _graph_stay()
        if stay is not None and stay.generation.graph is element.graph:
            return _THREAD
        name = home_of(element.graph, self._live()).name
        if name is None or name.startswith("#"):
            remedy = self._way_to(element)
        else:
            remedy = f"Put the cell in it: %%tfsession {name}; or pass session=tfsess_magics.get({name!r}).session"
        return f"{describe(element, self._live())}. {remedy}"

    def _variable_exists(self, error: BaseException, match: re.Match[str]) -> str | None:
        variable = variables_in(error, "_get_single_variable").get("var")
        if variable is None:
            return None
        place, name = place_of(variable.op), self._here()[0]
        made = f"it was made in {place}" if place else "it is in the graph already"
        fresh = f"To begin with an empty graph: {self._afresh(name)}. " if name else ""
        return (
            f"{made}. {fresh}To use {match[1]!r} as it is: "
            "tf.compat.v1.variable_scope('', reuse=tf.compat.v1.AUTO_REUSE) around the call"
        )

    def _afresh(self, name: str) -> str:
        """Return the line that gives the cells of the session of that name an empty graph."""
        if any(live.name == name and live.kind is Kind.ADOPTED for live in self._live()):
            return f"a session of your own, %%tfsession NEW ({name!r} stays on its maker's graph, and cannot be reset)"
        return f"%tfsession reset {name}"

    def _nesting(self, error: BaseException, _: re.Match[str]) -> str | None:
        return explain_nesting(error)

    def _nested_reset(self, _: BaseException, __: re.Match[str]) -> str:
        name = self._here()[0]
        fresh = f". For an empty graph in {name!r}: {self._afresh(name)}" if name else ""
        return (
            "the line is inside of a with block, or after a call of __enter__, that enters a graph, and only outside "
            f"of that the default graph can be reset{fresh}"
        )

    def _not_in_checkpoint(self, error: BaseException, match: re.Match[str]) -> str | None:
        session = variables_in(error, "restore").get("sess")
        operations = {} if session is None else {op.name: op for op in session.graph.get_operations()}
        again, first = operations.get(match[1]), operations.get(re.sub(r"_\d+$", "", match[1]))
        if again is None or first is None or again is first or again.type != first.type:
            return None
        name = home_of(again.graph, self._live()).name
        remedy = f"Begin with an empty graph: {self._afresh(name)}" if name and name[0] != "#" else "Build it once"
        second, original = (f"{op.name!r} ({place_of(op) or 'unknown place'})" for op in (again, first))
        return f"{second} is a second {original}, as comes of a cell that runs again. {remedy}, and restore then"

    def _iterated(self, error: BaseException, _: re.Match[str]) -> str | None:
        if tf.executing_eagerly():
            return None
        if is_by_keras(error):
            return (
                f"fit, evaluate and predict of Keras 3 work in eager mode only; {self._here()[1]}. "
                "Make and use the model in a scope that is eager: %%tfsession NAME --eager"
            )
        return (
            f"{self._here()[1]}, where a dataset is read by an operation: "
            "tf.compat.v1.data.make_one_shot_iterator(dataset).get_next()"
        )

    def _value_in_graph(self, error: BaseException, _: re.Match[str]) -> str:
        wanted = "[weight.value for weight in model.weights]" if is_by_keras(error) else "variable"
        return (
            "in a graph a variable has its value in a session only. "
            f"To get it: tf.compat.v1.get_default_session().run({wanted})"
        )

    def _legacy_keras(self, _: BaseException, __: re.Match[str]) -> str:
        return (
            "it is in tf_keras (Keras 2). Install that, set TF_USE_LEGACY_KERAS=1 in the environment before TensorFlow "
            "is imported, and restart the kernel"
        )


_Explain = Callable[[Explainer, BaseException, re.Match[str]], str | None]
_RULES: tuple[tuple[re.Pattern[str], _Explain], ...] = tuple(
    (re.compile(pattern), explain)
    for pattern, explain in (
        (
            r"not an element of this graph|must be from the same graph|graph is different from the session's",
            Explainer._other_graph,
        ),
        (r"is out of scope and cannot be used here", Explainer._out_of_scope),
        (
            r"not compatible with eager execution|when eager execution is enabled, `var_list` must",
            Explainer._needs_graph,
        ),
        (r"should be a function when eager execution is enabled", Explainer._needs_graph),
        (r"^(?!eval |_).*(?:is|are) not supported when eager", Explainer._needs_graph),
        (
            r"Attempting to capture an EagerTensor|Tensor\.graph is undefined when eager|feed cannot be a tf\.Tensor",
            Explainer._eager_tensor,
        ),
        (r"Session graph is empty", Explainer._empty_graph),
        (r"Attempted to use a closed Session|Session has been closed", Explainer._closed),
        (
            r"Attempting to use uninitialized value|Could not find variable|Resource .* does not exist",
            Explainer._uninitialized,
        ),
        (r"No default session is registered", Explainer._no_default_session),
        (r"^Variable (\S+) already exists, disallowed", Explainer._variable_exists),
        (r"^Nesting violated for default stack", Explainer._nesting),
        (r"^Do not use tf\.reset_default_graph\(\) to clear nested graphs", Explainer._nested_reset),
        (r"Key (\S+) not found in checkpoint", Explainer._not_in_checkpoint),
        (r"only supports Python-style iteration in eager mode", Explainer._iterated),
        (r"^numpy\(\) is only available when eager execution is enabled", Explainer._value_in_graph),
        (r"^`\w+` is not available with Keras 3", Explainer._legacy_keras),
    )
)
