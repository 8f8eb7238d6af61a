"""What subclasses of TensorFlow's sessions do."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tests.harm.table import behaviour, error_of, look

v1 = tf.compat.v1


class _Subclass(v1.Session):  # type: ignore[misc,name-defined]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.calls: list[str] = ["init"]
        super().__init__(*args, **kwargs)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        self.calls.append("run")
        return super().run(*args, **kwargs)

    def close(self) -> None:
        self.calls.append("close")
        super().close()


@behaviour
def subclass_with_methods_of_its_own() -> Any:
    with tf.Graph().as_default():
        x = tf.constant(1)
        with _Subclass() as session:
            values = session.run(x), x.eval()
            error = error_of(lambda: session.run(tf.linalg.inv(tf.zeros([2, 2]))))
        return values, session.calls, error


@behaviour
def subclass_that_is_unhashable() -> Any:
    class Unhashable(v1.Session):  # type: ignore[misc,name-defined]
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            raise TypeError("of the user")

    with tf.Graph().as_default(), Unhashable() as session:
        look()
        return session.run(tf.constant(1)), error_of(lambda: hash(session))


@behaviour
def subclass_that_looks_up_attributes_itself() -> Any:
    asked: list[str] = []

    class Asking(v1.Session):  # type: ignore[misc,name-defined]
        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            raise AttributeError(name)

        def __setattr__(self, name: str, value: Any) -> None:
            asked.append(f"set {name}")
            super().__setattr__(name, value)

    with tf.Graph().as_default(), Asking() as session:
        look()
        return session.run(tf.constant(1)), asked


@behaviour
def subclass_whose_constructor_fails() -> Any:
    class Early(v1.Session):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            raise KeyError("before")

    class Late(v1.Session):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__(graph=tf.Graph())
            raise KeyError("after")

    return error_of(Early), error_of(Late)


@behaviour
def subclass_with_a_new_of_its_own() -> Any:
    class Counted(v1.InteractiveSession):  # type: ignore[misc,name-defined]
        made = 0

        def __new__(cls, **options: Any) -> Any:
            cls.made += len(options)
            return super().__new__(cls)

    with tf.Graph().as_default():
        session = Counted(config=None)
        value = tf.constant(1).eval()
        session.close()
        return value, Counted.made, type(session).__mro__
