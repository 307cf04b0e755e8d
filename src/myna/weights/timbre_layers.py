"""The adaptive norms of the decoder's generator, which a voice may shift one by one, in the shift's order. Each
reads gains, then offsets, from the timbre style by a linear map; the shift is added."""

_CHANNELS = (256, 128)
"""Of either stage."""
BLOCKS = tuple(
    (f"noise_res.{stage}", *(f"resblocks.{3 * stage + branch}" for branch in range(3))) for stage in range(2)
)
"""By stage."""
LAYERS = tuple(
    (f"{block}.adain{half}.{index}", 2 * channels)
    for channels, blocks in zip(_CHANNELS, BLOCKS, strict=True)
    for block in blocks
    for index in range(3)
    for half in (1, 2)
)
"""Name and width of each: 48 layers."""
SHIFT_DIM = sum(width for _, width in LAYERS)
"""18,432."""
