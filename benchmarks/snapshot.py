"""What a front end's first message takes with 1,000 sessions, and how long a change takes to its message."""

from __future__ import annotations

import json
import statistics
import time
from queue import SimpleQueue
from typing import Any

from benchmarks.measure import interleaved


def report(number: int = 1000) -> None:
    """Print time and size of a snapshot, and the time from a change to its message."""
    import tensorflow as tf

    import tfsess_magics
    from tfsess_magics import memory
    from tfsess_magics.core.feed import Feed
    from tfsess_magics.core.protocol import encode
    from tfsess_magics.process import registry

    for index in range(number):
        with tfsess_magics.session(f"session_{index}"):
            tf.compat.v1.get_variable("v", [10])
    feed = Feed(registry, memory)
    texts: list[str] = []

    def snapshot() -> None:
        feed.send_snapshot(lambda message: texts.append(json.dumps(encode(message))))

    seconds = interleaved({"snapshot": snapshot}, rounds=15, repeats=3)["snapshot"]
    print(
        f"snapshot of {number} sessions, as JSON: median {1e3 * seconds:.1f} ms (bound 50 ms), "
        f"{len(texts[-1]) / number:.0f} bytes each (bound 400)"
    )
    sent: SimpleQueue[Any] = SimpleQueue()
    unsubscribe = feed.subscribe(sent.put)
    delays, messages = [], 0
    sent.get()
    for index in range(0, number, number // 50):
        start = time.perf_counter()
        tfsess_magics.reset(f"session_{index}")
        sent.get()
        delays.append(time.perf_counter() - start)
        time.sleep(0.3)  # whatever else is sent for it
        messages += 1 + sent.qsize()
        while not sent.empty():
            sent.get()
    unsubscribe()
    print(
        f"one change among {number} sessions: {messages / len(delays):.2f} messages, "
        f"{1e3 * statistics.median(delays):.1f} ms from the order to the message"
    )
    tfsess_magics.close(*registry.names)


def report_of_variables(sessions: int = 100, variables: int = 1000) -> None:
    """Print the time of a snapshot, and of a look at the memory, with many variables."""
    import tensorflow as tf

    import tfsess_magics
    from tfsess_magics import memory
    from tfsess_magics.core.feed import Feed
    from tfsess_magics.process import registry

    for index in range(sessions):
        with tfsess_magics.session(f"session_{index}") as session:
            for number in range(variables):
                tf.compat.v1.get_variable(f"v{number}", initializer=[0.0] * 4, use_resource=True)
            session.run(tf.compat.v1.global_variables_initializer())
    feed = Feed(registry, memory)
    messages: list[Any] = []
    tfsess_magics.sessions()
    medians = interleaved(
        {
            "snapshot": lambda: feed.send_snapshot(messages.append),
            "memory": lambda: memory(ask=False),
        },
        rounds=15,
        repeats=3,
    )
    for what, seconds in medians.items():
        print(f"{what} of {sessions} sessions of {variables:,} variables: median {1e3 * seconds:.1f} ms (bound 100 ms)")
    tfsess_magics.close(*registry.names)


if __name__ == "__main__":
    report()
    report_of_variables()
