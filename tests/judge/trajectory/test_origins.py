"""Whether data was downloaded, made up or loaded, with a quote that stands in its step."""

from __future__ import annotations

import pytest

from judge.trajectory import DataOrigin, Trajectory, data_origins
from tests.judge.trajectory.samples import python, shell, trajectory_of


def origins(*done: tuple[str, str]) -> list[tuple[int, str, str | None]]:
    """Step, kind and path of every origin; each quote is looked up in its step."""
    trajectory = trajectory_of(*done)
    found = data_origins(trajectory)
    for origin in found:
        assert_stands(origin, trajectory)
    return [(o.step, o.kind, o.path) for o in found]


def assert_stands(origin: DataOrigin, trajectory: Trajectory) -> None:
    step = trajectory.step(origin.step)
    assert step is not None and origin.quote
    quote = " ".join(origin.quote.split())
    assert quote in " ".join(step.action.split()) or quote in " ".join(step.observation.split())


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("wget https://x.org/a.csv -O data/a.csv", "data/a.csv"),
        ("curl -LO https://x.org/a.zip", "a.zip"),
        ("kaggle datasets download -d me/set -p data", "data/"),
        ("kaggle competitions download -c titanic", "./"),
        ("git clone https://x.org/data.git", "data/"),
        ("gdown 1a2b3c -O a.zip", "a.zip"),
        ("huggingface-cli download me/set --local-dir data", "data/"),
    ],
)
def test_a_download_that_worked(command: str, path: str) -> None:
    assert origins(shell(command, "100%[=====>] saved")) == [(0, "downloaded", path)]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("wget https://x.org/a.csv", "HTTP request sent, awaiting response... 404 Not Found\n"
                                     "2024-01-01 ERROR 404: Not Found."),
        ("curl -O https://x.org/a.csv", "curl: (6) Could not resolve host: x.org"),
        ("kaggle datasets download -d me/set", "OSError: Could not find kaggle.json."),
        ("kaggle datasets download -d me/set", "bash: kaggle: command not found"),
        ("git clone https://x.org/data.git", "fatal: repository not found"),
        ("wget https://x.org/get-pip.py", "saved"),
        ("wget https://x.org/tool.deb", "saved"),
        ("curl https://x.org/api", '{"ok": true}'),
        ("pip install pandas", "Successfully installed"),
    ],
)  # fmt: skip
def test_a_failed_download_or_one_of_a_tool_brings_no_data(command: str, answer: str) -> None:
    assert origins(shell(command, answer)) == []


def test_a_download_that_nobody_saw_end_is_unknown() -> None:
    assert origins(shell("wget https://x.org/a.csv &")) == [(0, "unknown", "a.csv")]


@pytest.mark.parametrize(
    ("code", "kind", "path"),
    [
        ("from sklearn.datasets import fetch_california_housing\nd = fetch_california_housing()",
         "downloaded", None),
        ("from datasets import load_dataset\nd = load_dataset('imdb')", "downloaded", None),
        ("import torchvision\nd = torchvision.datasets.MNIST('data', download=True)",
         "downloaded", None),
        ("from tensorflow.keras.datasets import mnist\nd = mnist.load_data()", "downloaded", None),
        ("import pandas as pd\nd = pd.read_csv('https://x.org/a.csv')", "downloaded", None),
        ("import requests\nr = requests.get('https://x.org/a.csv')", "downloaded", None),
        ("import yfinance as yf\nd = yf.download('AAPL')", "downloaded", None),
        ("import pandas as pd\nd = pd.read_csv('data/a.csv')", "loaded", "data/a.csv"),
        ("from sklearn.datasets import load_iris\nd = load_iris()", "loaded", None),
        ("from sklearn.datasets import make_classification\nX, y = make_classification(100)",
         "made_up", None),
        ("import numpy as np, pandas as pd\ndf = pd.DataFrame({'a': np.random.rand(9)})",
         "made_up", None),
        ("import numpy as np\nimport pandas as pd\nrng = np.random.default_rng(1)\n"
         "x = rng.normal(0, 1, 50)\ny = 2 * x\ndf = pd.DataFrame({'x': x, 'y': y})",
         "made_up", None),
        ("import random\nimport pandas as pd\nrows = [random.random() for _ in range(9)]\n"
         "pd.DataFrame(rows)", "made_up", None),
    ],
)  # fmt: skip
def test_what_python_typed_in_takes_its_data_from(code: str, kind: str, path: str | None) -> None:
    assert origins(python(code, "done")) == [(0, kind, path)]
    assert origins(shell(f"python - <<'E'\n{code}\nE", "done")) == [(0, kind, path)]


@pytest.mark.parametrize(
    "code",
    [
        "import numpy as np\nnp.random.seed(42)\nidx = np.random.permutation(10)",
        "import numpy as np, pandas as pd\ndf = pd.read_csv('a.csv')\n"
        "df['x'] = df['x'] + np.random.normal(0, 1, len(df))\nout = pd.DataFrame(df)",
        "import random\nrandom.shuffle(rows)\nsample = random.choice(rows)",
        "from sklearn.model_selection import train_test_split\n"
        "a, b = train_test_split(X, random_state=1)",
        "def augment(image):\n    return image + np.random.rand(3)\naugment(x)",
        "import torch\nweights = torch.randn(3, 3)",
    ],
)
def test_chance_in_training_makes_no_data_up(code: str) -> None:
    assert "made_up" not in [kind for _, kind, _ in origins(python(code, "done"))]


LOADER = """import numpy as np
import pandas as pd

def load_sunspots():
    rng = np.random.default_rng(42)
    activity = rng.normal(0, 8, 300)
    return pd.DataFrame({"activity": activity})

def spare():
    return pd.read_csv("real.csv")
"""


def test_a_programs_data_counts_once_it_ran_and_stands_where_it_was_typed() -> None:
    typed = shell(f"cat > src/loader.py <<'E'\n{LOADER}E")
    main = shell("cat > main.py <<'E'\nfrom src.loader import load_sunspots\nload_sunspots()\nE")
    assert origins(typed, main) == []
    assert origins(typed, main, shell("python main.py", "ok")) == [(0, "made_up", None)]
    failed = 'Traceback (most recent call last):\n  File "main.py", line 1\nImportError: numpy'
    assert origins(typed, main, shell("python main.py", failed)) == []


def test_a_program_that_says_it_falls_back_to_made_up_data_is_believed() -> None:
    line = "Could not download the data, falling back to synthetic data"
    assert origins(shell("python train.py", f"start\n{line}\ndone")) == [(0, "made_up", None)]


@pytest.mark.parametrize(
    "line",
    [
        "Loaded 100 samples from data.csv",
        "No synthetic data is used",
        "Not using synthetic data",
        "Generating report",
        "using random forest on the data",
    ],
)
def test_other_words_of_a_program_say_nothing_of_made_up_data(line: str) -> None:
    assert origins(shell("python train.py", line)) == []


def test_what_a_file_says_when_it_is_shown_is_no_word_of_a_program() -> None:
    assert origins(shell("cat README.md", "We are using synthetic data")) == []


def test_a_table_typed_by_hand_is_made_up() -> None:
    assert origins(shell("cat > data/a.csv <<'E'\nx,y\n1,2\n3,4\nE")) == [
        (0, "made_up", "data/a.csv")
    ]


def test_results_or_settings_typed_by_hand_are_no_data() -> None:
    results = shell("printf 'metric,value\\nacc,0.9\\n' > results/metrics.csv")
    settings = shell("cat > config.json <<'E'\n{\n}\nE")
    header_alone = shell("echo 'x,y' > data/head.csv")
    assert origins(results, settings, header_alone) == []


def test_rows_typed_into_a_loader_that_ran_are_made_up() -> None:
    loader = 'def load_messages():\n    messages = [("ham", "hi"), ("spam", "win")]\n' \
        "    return messages\nload_messages()\n"  # fmt: skip
    typed = shell(f"cat > load.py <<'E'\n{loader}E")
    assert origins(typed) == []
    assert origins(typed, shell("python load.py", "")) == [(0, "made_up", None)]


@pytest.mark.parametrize(
    "code",
    [
        "def get_class_names():\n    names = ['cat', 'dog']\n    return names\nget_class_names()",
        "def load_config():\n    return [('lr', 0.1), ('n', 3)]\nload_config()",
        "import numpy as np\ndef latent_points(n):\n    x = np.random.randn(n)\n    return x\n"
        "latent_points(3)",
        "import numpy as np\ndef generate_maze(n):\n    maze = np.random.randint(0, 2, (9, 9))\n"
        "    return maze\ngenerate_maze(9)",
    ],
)
def test_what_a_function_gives_is_data_only_if_its_name_says_so(code: str) -> None:
    typed = shell(f"cat > a.py <<'E'\n{code}\nE")
    assert origins(typed, shell("python a.py", "done")) == []


def test_code_that_raised_loaded_nothing() -> None:
    answer = 'Traceback (most recent call last):\n  File "<string>", line 1\nImportError: x'
    code = "from sklearn.datasets import load_iris; load_iris()"
    assert origins(shell(f'python -c "{code}"', answer)) == []
