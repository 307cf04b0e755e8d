"""Write down the SHA-256 of every shipped file, which the engine checks whenever it reads one.

    python training/record_digests.py

The last step of whatever makes a shipped file.
"""

import hashlib
from pathlib import Path

SHIPPED = Path(__file__).parent.parent / "src/myna/engines/kokoro/shipped"
DIGESTS = "digests.toml"


def record_digests() -> None:
    lines = [
        f'"{path.name}" = "{hashlib.sha256(path.read_bytes()).hexdigest()}"\n'
        for path in sorted(SHIPPED.iterdir())
        if path.is_file() and path.name != DIGESTS
    ]
    (SHIPPED / DIGESTS).write_text("# Made by training/record_digests.py\n" + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    record_digests()
