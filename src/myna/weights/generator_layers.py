"""The layers of the decoder's generator that a voice may shift one by one, in the order of the shift's numbers.

Each adaptive instance norm reads gains, then offsets, of its channels from the timbre style by a linear map. The shift
is added to what that map gives.
"""

_STAGE_CHANNELS = (256, 128)

SHIFTED_LAYERS = tuple(
    (f"{block}/adain{half}.{step}", 2 * channels)
    for stage, channels in enumerate(_STAGE_CHANNELS)
    for block in (f"noise_res.{stage}", *(f"resblocks.{3 * stage + branch}" for branch in range(3)))
    for step in range(3)
    for half in (1, 2)
)
"""Name and width of each: 48 layers."""
SHIFT_DIM = sum(width for _, width in SHIFTED_LAYERS)
"""18,432."""
