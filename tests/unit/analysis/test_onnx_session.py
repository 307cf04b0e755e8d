"""Graphs as they are run."""

import sys
import threading
import time

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from myna.analysis.onnx_session import OnnxSession, RunStop, RunStopped


def endless_graph() -> bytes:
    """Counts for longer than any test."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["is_on"], ["stays_on"]),
            helper.make_node("Add", ["before", "one"], ["after"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("number", TensorProto.INT64, []),
            helper.make_tensor_value_info("is_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", TensorProto.FLOAT, [1]),
        ],
        [
            helper.make_tensor_value_info("stays_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", TensorProto.FLOAT, [1]),
        ],
    )
    graph = helper.make_graph(
        [helper.make_node("Loop", ["num", "go", "start"], ["end"], body=body)],
        "endless",
        [helper.make_tensor_value_info("start", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("end", TensorProto.FLOAT, [1])],
        [
            helper.make_tensor("num", TensorProto.INT64, [], [1 << 62]),
            helper.make_tensor("go", TensorProto.BOOL, [], [True]),
            helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def test_a_run_is_ended_in_its_middle() -> None:
    """From another thread, within an operation; what begins later does not begin."""
    session, stop, inputs = OnnxSession(endless_graph()), RunStop(), {"start": np.zeros(1, np.float32)}
    running = threading.get_ident()

    def pull() -> None:
        while "onnxruntime" not in sys._current_frames()[running].f_code.co_filename:
            time.sleep(0.001)  # it has not begun
        stop.pull()

    other = threading.Thread(target=pull)
    with pytest.raises(RunStopped):
        other.start()
        session.run(inputs, stop=stop)
    other.join()
    with pytest.raises(RunStopped):
        session.run(inputs, stop=stop)
