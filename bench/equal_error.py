"""How often a judge is wrong about two recordings when it errs as often either way."""

import numpy as np
import numpy.typing as npt


def equal_error_rate(same: npt.ArrayLike, different: npt.ArrayLike) -> float:
    """0 to 1. same, different: cosines of pairs of one person and of two."""
    low, high = np.sort(np.asarray(same)), np.sort(np.asarray(different))
    limits = np.concatenate([low, high])
    missed = np.searchsorted(low, limits, side="left") / len(low)
    mistaken = 1.0 - np.searchsorted(high, limits, side="left") / len(high)
    nearest = np.argmin(np.abs(missed - mistaken))
    return float((missed[nearest] + mistaken[nearest]) / 2)
