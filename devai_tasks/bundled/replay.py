"""Runs a bundled trajectory's commands again, in a new folder, to produce its workspace anew.

    python replay.py 01_Digit_Recognition_MLP_Digits_ML /tmp/again

Needs numpy, pandas, scikit-learn, matplotlib and joblib, and bash. Read the commands first: they
are run as they stand. Timings and file dates differ from run to run; figures and scores differ
only where the versions of the libraries do.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PREFIX = "Running command: "
GIVEN = {"03_Spam_Filter_NaiveBayes_Messages_Web": ["data/messages.csv"]}


def replay(name: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    for given in GIVEN.get(name, []):
        (folder / given).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "workspaces" / name / given, folder / given)
    steps = json.loads((HERE / "trajectories" / f"{name}.json").read_text(encoding="utf-8"))
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "Agg"}
    for step in steps:
        action = step["agent"]["action"]
        if action is not None:
            command = ["bash", "-c", action.removeprefix(PREFIX)]
            subprocess.run(command, cwd=folder, env=environment, check=False)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    replay(sys.argv[1], Path(sys.argv[2]))
