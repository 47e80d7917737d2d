"""Which Python calls write files, read data, download it, or make it up."""

from __future__ import annotations

import ast
import re

WRITERS = frozenset(
    "to_csv to_json to_parquet to_excel to_pickle to_html to_markdown to_hdf to_feather savefig "
    "save dump imwrite imsave mimsave save_model save_weights save_pretrained write_html "
    "write_image savetxt savez savez_compressed save_npz output write_parquet write_csv "
    "save_word2vec_format write_videofile export to_file".split()
)
PATH_KEYWORDS = frozenset("path fname file filename filepath path_or_buf fp path_or_buffer".split())
READERS = frozenset(
    "read_csv read_table read_json read_excel read_parquet read_feather read_sql read_pickle "
    "loadtxt genfromtxt imread ImageFolder scan_csv load_files loadarff".split()
)
DOWNLOADERS = frozenset(
    "urlretrieve load_dataset dataset_download fetch_ucirepo hf_hub_download snapshot_download "
    "competition_download_files dataset_download_files fetch_dataset".split()
)
MAKERS = frozenset(
    "make_classification make_regression make_blobs make_moons make_circles make_friedman1 "
    "make_friedman2 make_friedman3 make_s_curve make_swiss_roll make_multilabel_classification "
    "make_gaussian_quantiles make_sparse_uncorrelated make_low_rank_matrix".split()
)
TABLES = frozenset({"DataFrame", "from_dict", "from_records", "Series", "TensorDataset"})
# What turns literals into other literals, such as a picture typed in as base64.
LITERAL_STEPS = frozenset(
    "b64decode encode decode fromhex dedent strip join lstrip rstrip bytes str unhexlify "
    "decompress".split()
)
_DATA_FROM_NETWORK = frozenset(
    "nltk.download kagglehub.dataset_download yfinance.download wget.download gdown.download "
    "seaborn.load_dataset gensim.downloader.load".split()
)
_BUNDLED = re.compile(
    r"load_(?:iris|digits|wine|breast_cancer|diabetes|linnerud|boston|sample_images?|pandas)"
)
_RANDOM = re.compile(
    r"rand|randn|randint|random|random_sample|normal|uniform|integers|poisson|binomial|"
    r"exponential|standard_normal|multivariate_normal|beta|gamma|lognormal|choice|choices|gauss|"
    r"rand_like|random_integers|randrange|standard_t|laplace|logistic|weibull|dirichlet|"
    r"multinomial|sentence|paragraph"
)
_RANDOM_OWNERS = re.compile(
    r"(?:^|\.)(?:random|rng|rs|gen|generator|faker|fake|torch|random_state|default_rng|"
    r"RandomState|Random|Faker|Generator)$"
)
_SIZES = re.compile(
    r"n|k|size|length|rows|cols|columns|seed|shape|start|end|dates?|years?|num\w*|n_\w+|"
    r"\w+_size|\w*count\w*|random_state|self|cls|width|height|noise|path|\w+_path|filename"
)
_DATA_WORD = (
    r"(?:data|dataset|dataframe|df|samples|records|messages|reviews|texts|images|corpus|examples|"
    r"rows|articles|tweets|ratings|documents|series|prices|transactions|users|items)"
)
_LOADER = re.compile(rf"(?:load|read|fetch|download)_\w+|(?:\w+_)?{_DATA_WORD}(?:_\w+)?")
_DATA_GIVER = re.compile(rf"(?:\w+_)?{_DATA_WORD}(?:_\w+)?")


def is_random(dotted: str, arguments: list[ast.expr]) -> bool:
    """Whether a call gives random values; a choice among what is already there does not."""
    owner, _, name = dotted.rpartition(".")
    if not _RANDOM.fullmatch(name) or not _RANDOM_OWNERS.search(owner):
        return False
    if name in ("choice", "choices") and arguments:
        return is_literal(arguments[0])
    return True


def is_download(dotted: str, name: str, node: ast.Call) -> bool:
    """Whether a library call brings data from the network."""
    if name in DOWNLOADERS or dotted in _DATA_FROM_NETWORK:
        return True
    if name.startswith("fetch_") and ("sklearn" in dotted or dotted == name):
        return True
    if "datasets" in dotted and name == "load_data":  # tf.keras.datasets.mnist.load_data
        return True
    return any(
        keyword.arg == "download"
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is True
        for keyword in node.keywords
    )


def is_bundled_data(name: str) -> bool:
    """Whether a call reads a data set that comes with its library, such as `load_digits`."""
    return bool(_BUNDLED.fullmatch(name))


def takes_in_data(name: str) -> bool:
    """Whether what a call gives comes from a file, a library or the network."""
    return (
        name in READERS
        or name in DOWNLOADERS
        or name in ("load", "open", "urlopen")
        or name.startswith(("load_", "read_", "fetch_", "get_", "predict"))
    )


def is_size(parameter: str) -> bool:
    """Whether a parameter by its name says how much is wanted, not what."""
    return bool(_SIZES.fullmatch(parameter))


def gives_data(function: str) -> bool:
    """Whether a function by its name gives data to others, as `load_sunspots` does."""
    return bool(_LOADER.fullmatch(function.lower()))


def names_data(function: str) -> bool:
    """Whether a function names data itself, which `load_config` or `get_labels` do not."""
    return bool(_DATA_GIVER.fullmatch(function.lower()))


def is_literal(node: ast.expr) -> bool:
    """Whether an expression is made of constants, lists and dictionaries alone."""
    allowed = (
        ast.Constant | ast.List | ast.Tuple | ast.Dict | ast.Set | ast.Load | ast.UnaryOp | ast.USub
    )
    return all(isinstance(item, allowed) for item in ast.walk(node))


def is_remote(path: str | None) -> bool:
    return path is not None and path.startswith(("http://", "https://", "ftp://", "s3://"))
