"""What TensorFlow notes of a run on devices that this machine has not: a GPU, and several tasks."""

from google.protobuf import text_format
from tensorflow.core.framework import step_stats_pb2

from tfsess_magics.tf.tracing.placement import of_graph, placement
from tfsess_magics.tf.tracing.step_stats import Noted, chrome_trace, is_complete, longest, noted_in, operations

GPU = """
dev_stats {
  device: "/job:localhost/replica:0/task:0/device:GPU:0"
  node_stats {
    node_name: "product" timeline_label: "product = MatMul(a, b)"
    all_start_micros: 100 op_start_rel_micros: 2 op_end_rel_micros: 12 all_end_rel_micros: 15
  }
}
dev_stats {
  device: "/device:GPU:0/stream:all"
  node_stats {
    node_name: "product:MatMul" timeline_label: "sgemm_128 @@product:MatMul#id=7#"
    all_start_micros: 120 op_end_rel_micros: 400 all_end_rel_micros: 400
  }
}
"""
TASKS = """
dev_stats {
  device: "/job:ps/replica:0/task:0/device:CPU:0"
  node_stats { node_name: "v" timeline_label: "v = VarHandleOp()" all_start_micros: 5 all_end_rel_micros: 1 }
}
dev_stats {
  device: "/job:worker/replica:0/task:1/device:CPU:0"
  node_stats { node_name: "x" timeline_label: "x = Const()" all_start_micros: 7 all_end_rel_micros: 1 }
}
"""


def noted(text: str) -> list[Noted]:
    stats = step_stats_pb2.StepStats()
    text_format.Parse(text, stats)
    assert is_complete(stats)
    return noted_in(stats)


def test_what_a_gpu_does_is_apart_from_the_operation_that_had_it_done() -> None:
    found = {op.device: op for op in operations(noted(GPU), [])}
    assert found.keys() == {"GPU:0", "GPU:0 stream:all"}
    assert {op.name for op in found.values()} == {"product"}
    assert {op.type for op in found.values()} == {"MatMul"}
    assert (found["GPU:0"].self_time, found["GPU:0 stream:all"].self_time) == (10e-6, 400e-6)


def test_only_operations_are_placed_and_not_what_a_gpu_does_for_them() -> None:
    known = of_graph(noted(GPU), {"product": None}, set())
    assert [(on.device, on.operations) for on in placement(known)[0]] == [("GPU:0", 1)]


def test_devices_of_several_tasks_have_their_task_in_the_name() -> None:
    known = of_graph(noted(TASKS), {"v": None, "x": None}, set())
    devices, variables = placement(known)
    assert [on.device for on in devices] == ["/job:ps/task:0/CPU:0", "/job:worker/task:1/CPU:0"]
    assert variables == {"v": "/job:ps/task:0/CPU:0"}


def test_the_longest_executions_are_kept_whatever_their_device() -> None:
    (kept,) = longest(noted(GPU), 1)
    assert kept.device == "GPU:0 stream:all"
    assert "sgemm" not in chrome_trace([kept])
    assert '"dur":400' in chrome_trace([kept])
