"""Whatever a workspace holds, a verdict comes back, in time, and never a pass without ground."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from results.records import Outcome
from tests.judge.checks.scenes import verdict_on

CRITERIA = [
    'The "SVM classifier" is implemented in `src/model.py`.',
    'The "Iris" dataset is loaded in `src/model.py`.',
    "The confusion matrix is saved as `results/figures/confusion_matrix.png`.",
    "A report containing results and visualizations is saved as `results/report.html`.",
    "The accuracy is printed and saved as `results/metrics.txt`.",
    "The trained model is saved under `models/`.",
    "The app is made well.",
]
HOSTILE: dict[str, str | bytes] = {
    "src/model.py": b"\x00\xff\xfe class" + bytes(range(256)),
    "results/figures/confusion_matrix.png": b"\x89PNG\r\n\x1a\n" + b"\xff" * 200,
    "results/report.html": "<h1>" * 3_000,
    "results/metrics.txt": "(" * 50_000,
    "models/a.pkl": b"cos\nsystem\n(S'echo harm'\ntR.",
    "notes.ipynb": '{"cells": [{"cell_type": "code", "source": 5}, 7, null]}',
    "deep.py": "x = " + "(" * 900 + "1" + ")" * 900,
    "nested.json": "[" * 5_000,
}

PIECES = (
    "def f(x):|    return x|class A:|    def fit(self, X, y):|        pass|if False:|import sklearn"
    "|from sklearn import *|try:|except Exception:|    print('no')|x = SVC()|for i in []:|    y = i"
    "|@d|lambda: 0|'''|\"|#|\t|x: int = 3|async def g():|    yield 1|match x:|    case 1:"
    "|        pass|with open('a') as f:|    f.write(x)"
).split("|")


@pytest.mark.parametrize("criteria", CRITERIA)
def test_broken_files_give_an_honest_verdict(criteria: str, tmp_path: Path) -> None:
    verdict = verdict_on(tmp_path, criteria, HOSTILE)
    assert verdict.outcome in (Outcome.UNSATISFIED, Outcome.ABSTAINED), verdict.reason
    assert verdict.reason


def test_code_that_would_do_harm_is_not_run(tmp_path: Path) -> None:
    mark = tmp_path / "harm"
    code = f"open({str(mark)!r}, 'w').write('x')\nfrom sklearn.svm import SVC\nmodel = SVC()\n"
    pickled = f"cposix\nsystem\n(S'touch {mark}'\ntR.".encode()
    files: dict[str, str | bytes] = {"src/model.py": code, "models/m.pkl": pickled}
    for number, criteria in enumerate(CRITERIA):
        verdict_on(tmp_path / str(number), criteria, files)
    assert not mark.exists()


def test_a_large_source_file_is_judged_in_bounded_time(tmp_path: Path) -> None:
    lines = [f"def f{n}(x):\n    return g{n}(x + {n}) * h(x, {n})\n" for n in range(4_000)]
    started = time.perf_counter()
    verdict = verdict_on(tmp_path, CRITERIA[0], {"src/model.py": "\n".join(lines)})
    assert verdict.outcome is Outcome.UNSATISFIED
    assert time.perf_counter() - started < 60


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    code=st.lists(
        st.sampled_from(PIECES),
        max_size=14,
    ),
    data=st.data(),
)
def test_no_code_makes_a_probe_fail(
    code: list[str], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    criteria = data.draw(st.sampled_from(CRITERIA))
    folder = tmp_path_factory.mktemp("any")
    verdict = verdict_on(folder, criteria, {"src/model.py": "\n".join(code)})
    assert verdict.outcome is not Outcome.ERROR, verdict.reason


def test_a_notebook_counts_as_code(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Iris\n", "text"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "from sklearn.svm import SVC\n"]},
        {"cell_type": "code", "source": ["!pip install x\n", "model = SVC(C=2)\n", "print(model)"]},
    ]
    files = {"work.ipynb": json.dumps({"cells": cells, "nbformat": 4})}
    verdict = verdict_on(tmp_path, 'An "SVM" is used.', files)
    assert verdict.outcome is Outcome.SATISFIED, verdict.reason
    assert verdict.evidence[0].model_dump()["quote"] == "model = SVC(C=2)"


def test_a_page_is_read_as_a_page(tmp_path: Path) -> None:
    criteria = (
        "A page with a message box and a button that shows whether the message is spam is made in"
        " `app/index.html`."
    )
    page = """
    <html><body><textarea id="message"></textarea><button id="check">Check</button><p id="out"></p>
    <script>
    const words = ["win", "free", "prize"];
    document.getElementById("check").addEventListener("click", () => {
      const text = document.getElementById("message").value.toLowerCase();
      const hits = words.filter(w => text.includes(w)).length;
      document.getElementById("out").textContent = hits > 1 ? "spam" : "no spam";
    });
    </script></body></html>
    """
    live = verdict_on(tmp_path / "a", criteria, {"app/index.html": page})
    assert live.outcome is Outcome.SATISFIED, live.reason
    dead = page.split("<script>")[0] + "</body></html>"
    still = verdict_on(tmp_path / "b", criteria, {"app/index.html": dead})
    assert still.outcome is Outcome.UNSATISFIED, still.reason
    text = "<html><body><h1>Spam</h1><p>The message box and the button go here.</p></body></html>"
    none = verdict_on(tmp_path / "c", criteria, {"app/index.html": text})
    assert none.outcome is not Outcome.SATISFIED, none.reason


def test_code_in_another_language_is_seen(tmp_path: Path) -> None:
    criteria = 'An interactive network graph is created using "D3.js" in `src/graph.js`.'
    code = """
    import * as d3 from "d3";

    export function draw(nodes, links) {
      const simulation = d3.forceSimulation(nodes).force("link", d3.forceLink(links));
      d3.select("svg").selectAll("circle").data(nodes).join("circle").call(d3.drag());
      return simulation;
    }

    draw(window.nodes, window.links);
    """
    verdict = verdict_on(tmp_path, criteria, {"src/graph.js": code})
    assert verdict.outcome is Outcome.SATISFIED, verdict.reason
