"""Reverse-mode differentiation of an ONNX graph: the gradient becomes part of the graph.

Only what the decoder and the speaker judges are made of, and only with respect to activations: weights are constants.
All shapes must be static. What the rules make of weights alone is split off afterwards (`split_off_preparation`).
"""

from collections.abc import Mapping, Sequence

import numpy as np
from training.style_gradient.builder import GraphBuilder
from training.style_gradient.layers import LAYER_RULES
from training.style_gradient.pointwise import POINTWISE_RULES, snake
from training.style_gradient.recurrent import lstm_scan
from training.style_gradient.shaping import SHAPING_RULES, split
from training.style_gradient.state import Backward, Rule

RULES: Mapping[str, Rule] = {**POINTWISE_RULES, **SHAPING_RULES, **LAYER_RULES}


def differentiate(builder: GraphBuilder, loss: str, wrt: Sequence[str]) -> list[str]:
    """Append the backward pass of a scalar to its own graph.

    loss: name of a tensor of one element; wrt: inputs of the graph that it depends on.
    Returns the names of the gradients, in the order of `wrt`.
    Raises: NotImplementedError for an operator without a rule on the way.
    """
    wanted = set(wrt)
    for node in builder.nodes:
        if any(name in wanted for name in node.input):
            wanted.update(node.output)
    state = Backward(builder, frozenset(wanted))
    state.parts[loss] = [builder.constant(np.ones(builder.shapes[loss]))]
    for node in reversed(list(builder.nodes)):
        if node.op_type == "Split":
            split(state, node)
            continue
        if node.op_type == "Scan":
            lstm_scan(state, node)
            continue
        gradient = state.total(node.output[0])
        if gradient is None:
            continue
        if not snake(state, node, gradient):
            rule = RULES.get(node.op_type)
            if rule is None:
                raise NotImplementedError(f"no derivative of {node.op_type} ({node.name})")
            rule(state, node, gradient)
    totals = [state.total(name) for name in wrt]
    return [total for total in totals if total is not None]
