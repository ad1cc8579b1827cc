# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""One seed of chaos on the real programs has no violation; and bugs planted in its histories do not go unseen."""
import os
import pathlib
import random
import subprocess
import sys

import history
from check import violations_of
from plants import PLANTS

SEED = 1
SECONDS = 48
# Whatever else runs on this machine, which may have the clients wait.
COMPLETE_WITHIN_S = 60


def test_a_seed_of_chaos(tmp_path):
    """Nothing is lost, doubled, swapped, told too early or to the wrong people; and if it were, it would be seen."""
    folder = pathlib.Path(os.environ.get("PARLEY_CHAOS", tmp_path))
    run = subprocess.run([sys.executable, "-B", pathlib.Path(__file__).with_name("run.py"), "--first", str(SEED),
                          "--seconds", str(SECONDS), "--complete-within", str(COMPLETE_WITHIN_S), "--folder", folder,
                          "--keep"], check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert run.returncode == 0, run.stdout
    histories = history.read_folder(folder / f"seed-{SEED}")
    for plant, names in PLANTS.items():
        changed = {name: list(records) for name, records in histories.items()}
        try:
            plant(changed, random.Random(SEED))
        except IndexError:
            continue  # what happens in a run differs; test_check.py has all of them
        assert violations_of(changed, COMPLETE_WITHIN_S, names), plant.__name__
