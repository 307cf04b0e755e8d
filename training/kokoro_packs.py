"""Read the 54 public Kokoro style packs out of the npm package `kokoro-js` (Apache-2.0).

A pack holds one style per token count: [510, 256] float32, decoder half first. One shared style, the mean of the rows
for 15 to 110 tokens, was enough in every experiment.
"""

import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

ROWS = slice(15, 110)
STYLE_DIM = 128
PACKAGE = "kokoro-js@1.2.1"


@dataclass(frozen=True, slots=True)
class StylePacks:
    names: tuple[str, ...]
    """`af_heart` and so on: language, sex, name."""
    decoder: npt.NDArray[np.float64]
    """[54, 128]"""
    prosody: npt.NDArray[np.float64]
    """[54, 128]"""

    def index(self, name: str) -> int:
        return self.names.index(name)


def read_packs(archive: Path) -> StylePacks:
    """archive: what `npm pack kokoro-js@1.2.1` leaves."""
    styles: dict[str, npt.NDArray[np.float64]] = {}
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            if member.name.startswith("package/voices/") and member.name.endswith(".bin"):
                file = tar.extractfile(member)
                assert file is not None
                rows = np.frombuffer(io.BytesIO(file.read()).getvalue(), dtype="<f4").reshape(-1, 2 * STYLE_DIM)
                styles[Path(member.name).stem] = rows[ROWS].astype(np.float64).mean(axis=0)
    names = tuple(sorted(styles))
    table = np.stack([styles[name] for name in names])
    return StylePacks(names, table[:, :STYLE_DIM], table[:, STYLE_DIM:])
