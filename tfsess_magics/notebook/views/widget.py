"""The sessions as a widget in a cell's output, for front ends without the sidebar.

A panel remains in the kernel when its notebook is closed, and is there again with the notebook.
"""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from tfsess_magics.core.errors import TfSessionError
from tfsess_magics.core.feed import Feed, Message
from tfsess_magics.core.model import Kind, State
from tfsess_magics.core.orders import carry_out
from tfsess_magics.core.plain import plain
from tfsess_magics.core.protocol import (
    Close,
    DeviceMemory,
    KernelMemory,
    MemoryChanged,
    Order,
    Reset,
    SessionChanged,
    SessionSummary,
    Snapshot,
    Stop,
)
from tfsess_magics.core.registry import SessionRegistry
from tfsess_magics.core.text import count, format_bytes, graph_grows, made_by, run_mark, server

_EMPTY = "No sessions yet. Start one with <code>%%tfsession NAME</code>."
_GRACE = 5.0
"""Seconds in which a page has to show that it still has a view, when another view has gone."""
_TAKES: dict[type[Reset | Close], str] = {Reset: "Reset", Close: "Close"}


class Panel:
    """One panel in one output cell: a row for each session, kept up to date, with the sidebar's orders.

    It ends when its last view has gone from the pages, or by `close`. The feed's thread and the threads that handle
    messages change the widgets.

    The number of views cannot be added up: a page that is reloaded or closed does not say that its views are gone, and
    two pages count over each other. So when a view goes, the panel counts them anew, by a new invisible child. Every
    view of the panel makes a view of it, which ipywidgets notes in its `_view_count`. The grace is also there for
    cells that are moved, whose outputs go and come back.
    """

    def __init__(self, registry: SessionRegistry[Any], feed: Feed) -> None:
        self._registry = registry
        self._requests = itertools.count(1)
        self._rows: dict[int, _Row] = {}
        self._empty = widgets.HTML(_EMPTY)
        self._list = widgets.VBox([self._empty])
        self._said = widgets.HTML()
        self._memory = widgets.HTML()
        self._counted = self._count()
        self._ending: threading.Timer | None = None
        self.widget = widgets.VBox([self._memory, self._list, self._said, self._counted])
        self._unsubscribe = feed.subscribe(self._receive)

    def close(self) -> None:
        """End it, and take its widgets away. Harmless when it is done already."""
        self._go_on()
        self._unsubscribe()
        _close(self._empty)
        _close(self.widget)

    def _count(self) -> widgets.HTML:
        counted = widgets.HTML(layout=widgets.Layout(display="none"))
        counted._view_count = 0
        counted.observe(self._views_changed, "_view_count")
        return counted

    def _views_changed(self, change: Any) -> None:
        if change["owner"] is not self._counted:
            return
        self._go_on()
        if change["new"] < change["old"]:
            _close(self._counted)
            self._counted = self._count()
            self._ending = threading.Timer(_GRACE, self.close)
            self._ending.name, self._ending.daemon = "tfsess_magics panel", True
            self._ending.start()
            self.widget.children = [self._memory, self._list, self._said, self._counted]

    def _go_on(self) -> None:
        if self._ending:
            self._ending.cancel()
        self._ending = None

    def _receive(self, message: Message) -> None:
        if isinstance(message, Snapshot):
            for summary in message.sessions:
                self._show(summary)
            self._show_memory(message.memory)
        elif isinstance(message, MemoryChanged):
            self._show_memory(message.memory)
        elif isinstance(message, SessionChanged):
            self._show(message.session)
        elif row := self._rows.pop(message.id, None):
            self._arrange()
            _close(row.widget)

    def _show_memory(self, memory: KernelMemory | None) -> None:
        if memory is not None:
            self._memory.value = escape(" · ".join(filter(None, [*map(_in_use, memory.devices), _process(memory)])))

    def _show(self, summary: SessionSummary) -> None:
        if row := self._rows.get(summary.id):
            row.show(summary)
        else:
            self._rows[summary.id] = _Row(summary, self._order, self._names)
            self._arrange()

    def _arrange(self) -> None:
        self._list.children = [row.widget for row in self._rows.values()] or [self._empty]

    def _names(self, number: int) -> Sequence[str]:
        """Return the names that an eager scope would unbind."""
        try:
            names: Sequence[str] = self._registry.get_live(number).info().names
        except TfSessionError:  # it was closed meanwhile, and the order will say so
            return ()
        return names

    def _order(self, kind: type[Reset | Close | Stop], summary: SessionSummary, **options: Any) -> None:
        order: Order = kind(next(self._requests), summary.id, summary.generation, **options)
        self._tell(carry_out(order, self._registry, self._tell).message)

    def _tell(self, message: str) -> None:
        self._said.value = escape(message).replace("\n", "<br>")


def _in_use(device: DeviceMemory) -> str:
    if device.in_use is None or device.peak is None:
        return ""
    return f"{device.name} {format_bytes(device.in_use)} in use, peak {format_bytes(device.peak)}"


def _process(memory: KernelMemory) -> str:
    return "" if memory.resident is None else f"process {format_bytes(memory.resident)}"


class _Row:
    """One session: its facts, its buttons, and the question that comes before an order."""

    def __init__(
        self,
        summary: SessionSummary,
        order: Callable[..., None],
        names: Callable[[int], Sequence[str]],
    ) -> None:
        self._summary = summary
        self._order = order
        self._names = names
        self._text = widgets.HTML(layout=widgets.Layout(flex="1 1 auto", min_width="0"))
        self._stop = self._button("Stop", self._order_stop)
        self._buttons = [self._button(text, functools.partial(self._ask, kind)) for kind, text in _TAKES.items()]
        self._question = widgets.HBox()
        line = widgets.HBox([self._text, self._stop, *self._buttons], layout=widgets.Layout(align_items="center"))
        self.widget = widgets.VBox([line, self._question])
        self.show(summary)

    def show(self, summary: SessionSummary) -> None:
        """Show the present state of the session."""
        self._summary = summary
        kind = Kind(summary.kind)
        operations = count(summary.operations, "operation") if summary.operations else "the graph is empty"
        facts = [
            f"{_state(summary)} · {_size(summary)} ({count(summary.variables, 'variable')})",
            server(summary.target, summary.answers) or ", ".join(summary.devices),
            *([] if kind.is_eager else [operations, count(summary.runs, "run")]),
            made_by(summary.origin),
            *_marks(summary),
            graph_grows(summary.growth),
        ]
        self._text.value = f"<b>{escape(summary.name)}</b> {escape(' · '.join(filter(None, facts)))}"
        self._stop.description = "Stop now" if summary.is_stopping else "Stop"
        self._stop.tooltip = f"{self._stop.description} {summary.name}"
        self._stop.layout.display = None if summary.state == State.RUNNING else "none"
        for button, (order, what) in zip(self._buttons, _TAKES.items(), strict=True):
            button.tooltip = f"{what} {summary.name}"
            is_possible = kind.is_ours or (order is Close and kind is not Kind.OUTSIDE)
            button.layout.display = None if is_possible else "none"

    def _order_stop(self) -> None:
        self._order(Stop, self._summary, now=self._summary.is_stopping)

    def _ask(self, kind: type[Reset | Close]) -> None:
        asked = self._summary
        lost = f"{count(asked.operations, 'operation')} and {count(asked.variables, 'variable')}"
        text = f"{_TAKES[kind]} {asked.name}? {lost} ({_size(asked)}) will be lost."
        if asked.kind == Kind.EAGER:
            names = ", ".join(map(plain, self._names(asked.id))) or "none"
            text = f"{_TAKES[kind]} {asked.name}? It removes these names from the notebook: {names}."
        elif asked.target:
            on = server(asked.target, asked.answers)
            text = f"{_TAKES[kind]} {asked.name}? Its variables stay on the server {on}."
        if asked.kind in (Kind.OBSERVED, Kind.ADOPTED):
            text += f" It belongs to {made_by(asked.origin)}; code that goes on using it will fail."
        self._answered()
        paths = [widgets.Text(placeholder="path in the folder of the kernel")] if _can_be_saved(asked) else []
        if paths:
            text += " To save its variables first, type a path:"
        self._question.children = [
            widgets.HTML(escape(text)),
            *paths,
            self._button("Cancel", self._answered),
            self._button(
                _TAKES[kind], lambda: self._confirmed(kind, asked, "".join(path.value for path in paths)), "danger"
            ),
        ]

    def _confirmed(self, kind: type[Reset | Close], asked: SessionSummary, save_to: str) -> None:
        self._answered()
        self._order(kind, asked, save_to=save_to.strip())

    def _answered(self) -> None:
        asked, self._question.children = self._question.children, []
        for widget in asked:
            _close(widget)

    @staticmethod
    def _button(text: str, clicked: Callable[[], object], style: str = "") -> widgets.Button:
        button = widgets.Button(description=text, button_style=style, layout=widgets.Layout(width="auto"))
        button.on_click(lambda _: clicked())
        return button


def _close(widget: widgets.Widget) -> None:
    """Close a widget and all that it consists of; ipywidgets keeps each of them until it is closed."""
    for part in (*getattr(widget, "children", ()), getattr(widget, "style", None), widget.layout):
        if isinstance(part, widgets.DOMWidget):
            _close(part)
        elif part is not None:
            part.close()
    widget.close()


def _marks(summary: SessionSummary) -> list[str]:
    """Return the marks of a session, apart from its maker."""
    used = ["every cell runs in it"] if summary.is_used else []
    if summary.kind in (Kind.NAMED, Kind.OUTSIDE):
        return used
    marks = {"default session of a thread": summary.is_default, "unused?": summary.is_unused}
    return [*used, summary.kind, *(mark for mark, holds in marks.items() if holds)]


def _can_be_saved(summary: SessionSummary) -> bool:
    """Return whether variables of a session have, or may have, values that a checkpoint can take."""
    is_open = not Kind(summary.kind).is_eager and summary.state != State.CLOSED
    return is_open and summary.variables > 0 and summary.variables_nbytes != 0


def _size(summary: SessionSummary) -> str:
    return "size not known" if summary.variables_nbytes is None else format_bytes(summary.variables_nbytes)


def _state(summary: SessionSummary) -> str:
    return run_mark(summary.mark) or ("in a cell" if summary.state == State.ENTERED else summary.state)
