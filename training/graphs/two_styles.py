"""Gives the decoder's two stages a style each: how sounds are articulated, and what they are coloured with.

Kokoro's decoder has five blocks at the rate of frames, which shape phones out of symbols, pitch and energy, and a
generator, which makes sound of what they give. One style feeds both. It is the generator that carries who is speaking
and the blocks that carry how clearly (`docs/lab/likeness.md`), so that a voice does well to take the one from the
person and the other from public voices. With the same style twice, the graph computes bit for bit what it did.
"""

from typing import Any

from onnx import helper
from training.graphs.onnx_files import Port

ARTICULATION_STYLE = Port("articulation_style", (1, 128))
_BLOCKS = ("/decoder/encode/", "/decoder/decode.")


def part_styles(graph: Any, timbre_style: str) -> None:
    """Let the blocks before the generator read a new input, `articulation_style`. Changes a GraphProto in place.

    timbre_style: the name of the one style that the graph has.
    Raises: ValueError if the style is read by something else than one quantisation.
    """
    readers = [node for node in graph.node if timbre_style in node.input]
    if [node.op_type for node in readers] != ["DynamicQuantizeLinear"]:
        raise ValueError("the style is expected to be quantised once, for all layers")
    (shared,) = readers
    renamed = {output: f"{output}~articulation" for output in shared.output}
    graph.input.append(ARTICULATION_STYLE.to_proto())
    own = helper.make_node(
        shared.op_type, [ARTICULATION_STYLE.name], list(renamed.values()), name=f"{shared.name}~articulation"
    )
    for node in graph.node:
        if node is not shared and any(block in node.name for block in _BLOCKS):
            node.input[:] = [renamed.get(name, name) for name in node.input]
    graph.node.insert(list(graph.node).index(shared), own)
