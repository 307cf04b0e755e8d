"""Does a voice survive the death of the process, whenever it comes?

    python bench/kills.py [--kills 1000] [--minutes 60] [--seed 1]

Kills (SIGKILL) a store that clones, improves and deletes voices and works off jobs, four writers at once, at random
moments; starts it anew on the same folder and looks at everything: what was answered is there, what was deleted is
gone, every voice is whole, and no file is there that nobody owns. The suite does fifty of these; this is for thousands.
Ends with an exit code of 1 at the first thing that is not so, and leaves the folder to be looked at.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.e2e.test_crash_leaves_nothing_half import kill_again_and_again


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="myna-kills-"))
    print(f"seed {arguments.seed}, folder {folder}", flush=True)
    began_s = time.monotonic()
    lives = kill_again_and_again(folder, random.Random(arguments.seed))  # noqa: S311  (moments, no secrets)
    for number, told in enumerate(lives, 1):
        passed_s = time.monotonic() - began_s
        is_over = number >= arguments.kills or passed_s >= 60 * arguments.minutes
        if is_over or number % 50 == 0:
            last = ", ".join(f"{count} after '{word}'" for word, count in sorted(told.last.items()))
            done = f"{len(told.added)} voices added, {len(told.deleted)} deleted"
            print(f"{number} kills in {passed_s:.0f} s: {last}; {done}; all whole", flush=True)
        if is_over:
            break
    lives.close()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
