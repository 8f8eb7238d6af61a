"""On which devices a graph asks for its operations to be."""

import tensorflow as tf

from tfsess_magics.tf.tracing.placement import AskedDevices


def test_what_is_asked_is_not_kept_while_an_operation_is_being_made() -> None:
    """It gets its device last; the version of the graph tells nothing of that."""
    asked, graph = AskedDevices(), tf.Graph()
    with graph.as_default(), graph._mutation_lock(), tf.device("/CPU:0"):
        op = tf.constant(1.0).op
        assert [on.device for on in asked.of(graph)] == ["CPU:0"]
        op._set_device("/CPU:1")
    for _ in range(2):
        (on,) = asked.of(graph)
        assert (on.device, on.operations, on.first, on.variables) == ("CPU:1", 1, ("Const",), ())
