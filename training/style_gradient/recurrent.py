"""A recurrent layer with its own backward pass, both as scans: ONNX's LSTM does not give its gates away."""

import numpy as np
import onnx
from onnx import helper
from training.style_gradient.builder import GraphBuilder, Shape
from training.style_gradient.state import Backward


def lstm(builder: GraphBuilder, x: str, weights: str, recurrence: str, bias: str) -> str:
    """One forward layer that keeps its gates for the backward pass; gate order i, o, f, c as in ONNX.

    x: [num_steps, num_rows, num_inputs]; weights: [4 H, num_inputs]; recurrence: [4 H, H]; bias: [4 H].
    Returns the name of the hidden states, [num_steps, num_rows, H].
    """
    b = builder
    num_steps, num_rows, _ = b.shapes[x]
    hidden = b.shapes[recurrence][1]
    into_gates = b.op("Add", b.op("MatMul", x, b.op("Transpose", weights, perm=[1, 0])), bias)
    b.shapes[into_gates] = (num_steps, num_rows, 4 * hidden)
    recurrent = b.op("Transpose", recurrence, perm=[1, 0])
    start = b.constant(np.zeros((num_rows, hidden)))

    inner = GraphBuilder(scope=b.name("lstm") + "/")
    gates = inner.op("Add", "lstm_in", inner.op("MatMul", "lstm_h", recurrent))
    i, o, f, c = inner.ops("Split", 4, gates, axis=1, num_outputs=4)
    i, o, f, g = inner.op("Sigmoid", i), inner.op("Sigmoid", o), inner.op("Sigmoid", f), inner.op("Tanh", c)
    cell = inner.op("Add", inner.op("Mul", f, "lstm_c"), inner.op("Mul", i, g))
    output = inner.op("Mul", o, inner.op("Tanh", cell))
    kept = [inner.op("Identity", name) for name in (output, cell, i, o, f, g)]
    body = _scan_body(
        inner,
        {"lstm_h": (num_rows, hidden), "lstm_c": (num_rows, hidden), "lstm_in": (num_rows, 4 * hidden)},
        dict.fromkeys([output, cell, *kept], (num_rows, hidden)),
    )
    outputs = b.ops("Scan", 8, start, start, into_gates, body=body, num_scan_inputs=1)
    for name in outputs[2:]:
        b.shapes[name] = (num_steps, num_rows, hidden)
    b.lstm_weights[outputs[2]] = (x, weights, recurrence)
    return outputs[2]


def lstm_scan(state: Backward, node: onnx.NodeProto) -> None:
    """Backward through `lstm`: a scan from the last step to the first."""
    b = state.builder
    states = node.output[2]
    gradient = state.total(states)
    if gradient is None:
        return
    x, weights, recurrence = b.lstm_weights[states]
    num_steps, num_rows, hidden = b.shapes[states]
    cells, i, o, f, g = node.output[3:8]
    start = node.input[0]
    first_cell = b.constant(np.zeros((1, num_rows, hidden)))
    bounds = [b.constant([value], np.int64) for value in (0, num_steps - 1, 0)]
    before = b.op("Concat", first_cell, b.op("Slice", cells, *bounds), axis=0)

    inner = GraphBuilder(scope=b.name("lstm_back") + "/")
    one = inner.constant(1.0)

    def sigmoid_slope(gate: str) -> str:
        return inner.op("Mul", gate, inner.op("Sub", one, gate))

    def tanh_slope(value: str) -> str:
        return inner.op("Sub", one, inner.op("Mul", value, value))

    d_output = inner.op("Add", "back_dy", "back_dh")
    squashed = inner.op("Tanh", "back_cell")
    d_cell = inner.op("Add", inner.op("Mul", inner.op("Mul", d_output, "back_o"), tanh_slope(squashed)), "back_dc")
    d_gates = inner.op(
        "Concat",
        inner.op("Mul", inner.op("Mul", d_cell, "back_g"), sigmoid_slope("back_i")),
        inner.op("Mul", inner.op("Mul", d_output, squashed), sigmoid_slope("back_o")),
        inner.op("Mul", inner.op("Mul", d_cell, "back_before"), sigmoid_slope("back_f")),
        inner.op("Mul", inner.op("Mul", d_cell, "back_i"), tanh_slope("back_g")),
        axis=1,
    )
    d_hidden = inner.op("MatMul", d_gates, recurrence)
    d_before = inner.op("Mul", d_cell, "back_f")
    d_kept = inner.op("Identity", d_gates)
    small = (num_rows, hidden)
    scanned = ("back_dy", "back_cell", "back_before", "back_i", "back_o", "back_f", "back_g")
    body = _scan_body(
        inner,
        {"back_dh": small, "back_dc": small, **dict.fromkeys(scanned, small)},
        {d_hidden: small, d_before: small, d_kept: (num_rows, 4 * hidden)},
    )
    gates_gradient = b.ops(
        "Scan",
        3,
        *(start, start, gradient, cells, before, i, o, f, g),
        body=body,
        num_scan_inputs=len(scanned),
        scan_input_directions=[1] * len(scanned),
        scan_output_directions=[1],
    )[2]
    state.add(x, b.op("MatMul", gates_gradient, weights))


def _scan_body(inner: GraphBuilder, inputs: dict[str, Shape], outputs: dict[str, Shape]) -> onnx.GraphProto:
    def described(names: dict[str, Shape]) -> list[onnx.ValueInfoProto]:
        return [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in names.items()]

    return helper.make_graph(
        inner.nodes, "step", described(inputs), described(outputs), initializer=list(inner.constants.values())
    )
