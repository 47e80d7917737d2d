"""The files that Python code reads and writes are found through constants, joins and callers."""

from __future__ import annotations

import pytest

from tests.judge.code.reading import graph_of, writes


@pytest.mark.parametrize(
    ("code", "target", "via"),
    [
        ("import pandas as pd\npd.DataFrame(x).to_csv('out/a.csv')", "out/a.csv",
         "pandas.DataFrame.to_csv"),
        ("df.to_excel('a.xlsx')", "a.xlsx", "pandas.DataFrame.to_excel"),
        ("import numpy as np\nnp.savez('a.npz', x=x)", "a.npz", "numpy.savez"),
        ("import torch\ntorch.save(m.state_dict(), './models/../m.pt')", "m.pt", "torch.save"),
        ("import joblib\njoblib.dump(m, filename='m.joblib')", "m.joblib", "joblib.dump"),
        ("import matplotlib.pyplot as plt\nplt.savefig('f.png')", "f.png",
         "matplotlib.pyplot.savefig"),
        ("fig.savefig('f.png')", "f.png", "matplotlib.figure.Figure.savefig"),
        ("fig.write_html('f.html')", "f.html", "plotly.graph_objects.Figure.write_html"),
        ("from PIL import Image\nImage.new('L', (1, 1)).save('i.png')", "i.png",
         "PIL.Image.Image.save"),
        ("import cv2\ncv2.imwrite('i.jpg', img)", "i.jpg", "cv2.imwrite"),
        ("model.save('m.keras')", "m.keras", "model.save"),
        ("import shutil\nshutil.copy('a', 'b.txt')", "b.txt", "shutil.copy"),
        ("from pathlib import Path\nPath('r', 'a.md').write_text(t)", "r/a.md",
         "pathlib.Path.write_text"),
        ("open('a.txt', mode='w').write(x)", "a.txt", "open"),
        ("open('log.txt', 'a')", "log.txt", "open"),
        ("import logging\nlogging.basicConfig(filename='run.log')", "run.log",
         "logging.basicConfig"),
        ("from urllib.request import urlretrieve\nurlretrieve(u, 'd.zip')", "d.zip",
         "urllib.request.urlretrieve"),
        ("from fpdf import FPDF\npdf = FPDF()\npdf.output('r.pdf')", "r.pdf", "fpdf.FPDF.output"),
        ("from docx import Document\nd = Document()\nd.save('r.docx')", "r.docx",
         "docx.Document.save"),
        ("import soundfile as sf\nsf.write('s.wav', y, 16000)", "s.wav", "soundfile.write"),
    ],
)  # fmt: skip
def test_a_written_file_is_known_with_the_call_that_writes_it(
    code: str, target: str, via: str
) -> None:
    assert writes(graph_of(code)) == {target: via}


@pytest.mark.parametrize(
    "code",
    [
        "OUT = 'results/a.png'\nplt.savefig(OUT)",
        "import os\nD = 'results'\nplt.savefig(os.path.join(D, 'a.png'))",
        "from pathlib import Path\nD = Path('results')\nplt.savefig(D / 'a.png')",
        "from pathlib import Path\nplt.savefig(str(Path('.') / 'results' / 'a.png'))",
        "d = 'results'\nplt.savefig(f'{d}/a.png')",
        "plt.savefig('results/' + 'a' + '.png')",
        "plt.savefig('{}/a.png'.format('results'))",
        "plt.savefig('%s/a.png' % 'results')",
        "CONFIG = {'out': 'results/a.png'}\nplt.savefig(CONFIG['out'])",
        "class Config:\n    OUT = 'results/a.png'\nplt.savefig(Config.OUT)",
        "def save(path='results/a.png'):\n    plt.savefig(path)\nsave()",
        "def f(d, name):\n    plt.savefig(d + '/' + name)\nf('results', name='a.png')",
        "def out():\n    return 'results/a.png'\nplt.savefig(out())",
        "class S:\n    def __init__(self, d):\n        self.d = d\n    def go(self):\n"
        "        plt.savefig(self.d + '/a.png')\nS('results').go()",
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--out-file', "
        "default='results/a.png')\nargs = p.parse_args()\nplt.savefig(args.out_file)",
        "import argparse\ndef options():\n    p = argparse.ArgumentParser()\n    "
        "p.add_argument('-o', '--out', default='results/a.png')\n    return p.parse_args()\n"
        "def main(args):\n    plt.savefig(args.out)\nmain(options())",
        "import click\n@click.command()\n@click.option('--out', default='results/a.png')\n"
        "def main(out):\n    plt.savefig(out)\nmain()",
        "import os\nplt.savefig(os.getenv('OUT', 'results/a.png'))",
        "import sys\nplt.savefig(sys.argv[1] if len(sys.argv) > 1 else 'results/a.png')",
        "for name in ['a']:\n    plt.savefig(f'results/{name}.png')",
    ],
)
def test_paths_are_folded_to_the_file_they_name(code: str) -> None:
    graph = graph_of("import matplotlib.pyplot as plt\n" + code)
    assert writes(graph) == {"results/a.png": "matplotlib.pyplot.savefig"}


@pytest.mark.parametrize(
    "expression",
    [
        "Path(__file__).parent.parent / 'data' / 'x.csv'",
        "Path(__file__).resolve().parents[1] / 'data' / 'x.csv'",
        "os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'data', 'x.csv')",
        "'../data/x.csv'",
    ],
)
def test_paths_from_the_files_own_place_are_seen_from_the_workspace(expression: str) -> None:
    graph = graph_of(
        src__load_py=f"import os\nfrom pathlib import Path\nimport pandas as pd\n"
        f"pd.read_csv({expression})\n"
    )
    assert [(use.target, use.mode) for use in graph.uses] == [("data/x.csv", "read")]


def test_each_caller_of_a_helper_gives_a_target_of_its_own() -> None:
    graph = graph_of("""
        import matplotlib.pyplot as plt
        def save(folder, name):
            plt.savefig(f"{folder}/{name}.png")
        save("figures", "loss")
        save("images", "roc")
    """)
    assert set(writes(graph)) == {"figures/loss.png", "images/roc.png"}


def test_parts_that_are_not_known_are_stars() -> None:
    graph = graph_of("""
        import torch
        for epoch in range(10):
            torch.save(state, f"models/epoch_{epoch}.pt")
        torch.save(state, input())
    """)
    assert list(writes(graph)) == ["models/epoch_*.pt", "*"]


def test_a_constant_of_another_file_is_followed() -> None:
    graph = graph_of(
        config_py="import os\nROOT = 'results'\nREPORT = os.path.join(ROOT, 'r.md')\n",
        main_py="import config\nfrom config import REPORT as R\nopen(R, 'w')\nopen(config.ROOT)",
    )
    assert {(use.target, use.mode) for use in graph.uses} == {
        ("results/r.md", "write"),
        ("results", "read"),
    }


def test_what_is_written_is_kept_only_when_all_of_it_is_constant() -> None:
    graph = graph_of("""
        import json
        from pathlib import Path
        Path("a.txt").write_text("a placeholder")
        with open("b.json", "w") as f:
            json.dump({"accuracy": 0.98}, f)
        with open("c.txt", "w") as f:
            f.write("Accuracy: ")
            f.write(str(score))
        with open("d.txt", "w") as f:
            f.write("one ")
            f.write("two")
    """)
    content = {use.target: use.content for use in graph.uses if use.via != "json.dump"}
    assert content == {
        "a.txt": "a placeholder",
        "b.json": "{'accuracy': 0.98}",
        "c.txt": None,
        "d.txt": "one two",
    }


def test_a_file_passed_on_is_written_by_the_call_that_gets_it() -> None:
    graph = graph_of("""
        import pickle
        def dump(model, file):
            pickle.dump(model, file)
        with open("m.pkl", "wb") as handle:
            dump(model, handle)
    """)
    assert {(use.target, use.via) for use in graph.uses} == {
        ("m.pkl", "open"),
        ("m.pkl", "pickle.dump"),
    }


def test_buffers_printing_and_saving_of_records_are_no_files() -> None:
    graph = graph_of("""
        import io
        import matplotlib.pyplot as plt
        buffer = io.BytesIO()
        plt.savefig(buffer)
        print("results/a.png")
        user.save()
        open_door("a.txt")
    """)
    assert graph.uses == ()


def test_addresses_stay_as_they_are() -> None:
    graph = graph_of("import pandas as pd\npd.read_csv('https://example.org/a//b.csv')")
    assert graph.uses[0].target == "https://example.org/a//b.csv"
