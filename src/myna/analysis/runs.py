"""Stretches of frames or samples in which something is so."""

import numpy as np
import numpy.typing as npt


def find_runs(is_so: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """[n] to [num_runs, 2]: where each run of true begins, and where it has ended."""
    return np.flatnonzero(np.diff(np.concatenate([[False], is_so, [False]]))).reshape(-1, 2)
