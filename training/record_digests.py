"""Write down the SHA-256 of every shipped artefact, which the engine checks whenever it reads one.

    python training/record_digests.py

The last step of whatever makes an artefact.
"""

import hashlib
from pathlib import Path

ARTEFACTS = Path(__file__).parent.parent / "src/myna/engines/kokoro/artefacts"
DIGESTS = "digests.toml"


def record_digests() -> None:
    lines = [
        f'"{path.name}" = "{hashlib.sha256(path.read_bytes()).hexdigest()}"\n'
        for path in sorted(ARTEFACTS.iterdir())
        if path.is_file() and path.name != DIGESTS
    ]
    (ARTEFACTS / DIGESTS).write_text("# Made by training/record_digests.py\n" + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    record_digests()
