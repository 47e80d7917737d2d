"""What is known of libraries' functions: the class of what they give, by dotted name."""

from __future__ import annotations

import builtins
from functools import lru_cache

from judge.code.values import UNKNOWN, Instance, Items, Product, Value

_FIGURE = "matplotlib.figure.Figure"
_AXES = "matplotlib.axes.Axes"

FACTORIES = {
    "sklearn.pipeline.make_pipeline": "sklearn.pipeline.Pipeline",
    "sklearn.pipeline.make_union": "sklearn.pipeline.FeatureUnion",
    "sklearn.compose.make_column_transformer": "sklearn.compose.ColumnTransformer",
    "imblearn.pipeline.make_pipeline": "imblearn.pipeline.Pipeline",
    "matplotlib.pyplot.figure": _FIGURE,
    "matplotlib.pyplot.gcf": _FIGURE,
    "matplotlib.pyplot.gca": _AXES,
    "matplotlib.pyplot.subplot": _AXES,
    "matplotlib.pyplot.axes": _AXES,
    "numpy.array": "numpy.ndarray",
    "numpy.asarray": "numpy.ndarray",
    "numpy.zeros": "numpy.ndarray",
    "numpy.ones": "numpy.ndarray",
    "numpy.arange": "numpy.ndarray",
    "numpy.linspace": "numpy.ndarray",
    "numpy.load": "numpy.ndarray",
    "numpy.loadtxt": "numpy.ndarray",
    "numpy.random.default_rng": "numpy.random.Generator",
    "pandas.concat": "pandas.DataFrame",
    "pandas.merge": "pandas.DataFrame",
    "pandas.get_dummies": "pandas.DataFrame",
    "pandas.pivot_table": "pandas.DataFrame",
    "pandas.json_normalize": "pandas.DataFrame",
    "torch.tensor": "torch.Tensor",
    "torch.from_numpy": "torch.Tensor",
    "torch.zeros": "torch.Tensor",
    "torch.ones": "torch.Tensor",
    "torch.randn": "torch.Tensor",
    "torch.rand": "torch.Tensor",
    "torch.stack": "torch.Tensor",
    "torch.cat": "torch.Tensor",
    "xgboost.train": "xgboost.Booster",
    "lightgbm.train": "lightgbm.Booster",
    "gym.make": "gym.Env",
    "gymnasium.make": "gymnasium.Env",
    "requests.get": "requests.Response",
    "requests.post": "requests.Response",
    "requests.request": "requests.Response",
    "httpx.get": "httpx.Response",
    "logging.getLogger": "logging.Logger",
    "PIL.Image.open": "PIL.Image.Image",
    "PIL.Image.new": "PIL.Image.Image",
    "PIL.Image.fromarray": "PIL.Image.Image",
    "PIL.Image.merge": "PIL.Image.Image",
    "cv2.imread": "numpy.ndarray",
    "cv2.cvtColor": "numpy.ndarray",
    "cv2.resize": "numpy.ndarray",
    "spacy.load": "spacy.Language",
    "seaborn.heatmap": _AXES,
    "seaborn.barplot": _AXES,
    "seaborn.histplot": _AXES,
    "seaborn.lineplot": _AXES,
    "seaborn.scatterplot": _AXES,
    "seaborn.countplot": _AXES,
    "seaborn.boxplot": _AXES,
    "plotly.subplots.make_subplots": "plotly.graph_objects.Figure",
    "plotly.tools.make_subplots": "plotly.graph_objects.Figure",
    "keras.models.load_model": "keras.Model",
    "tensorflow.keras.models.load_model": "tensorflow.keras.Model",
    "csv.writer": "csv.writer",
    "csv.reader": "csv.reader",
    "imageio.get_writer": "imageio.Writer",
    "collections.defaultdict": "collections.defaultdict",
    "collections.deque": "collections.deque",
}
"""Functions with a lower-case name that give an instance of a known class."""

_FRAMES = ("pandas.read_", "geopandas.read_", "polars.read_")
_FRAME_CLASSES = {
    "pandas": "pandas.DataFrame",
    "geopandas": "geopandas.GeoDataFrame",
    "polars": "polars.DataFrame",
}

TUPLES: dict[str, tuple[Value, ...]] = {
    "matplotlib.pyplot.subplots": (Instance(_FIGURE), Instance(_AXES)),
}
"""Functions that give a tuple of known classes."""

SAME_CLASS = frozenset(
    """
    fit partial_fit to cuda cpu eval train half float double requires_grad_ set_params set_output
    copy clone detach contiguous
    """.split()
)
"""Methods that give their own receiver, or another object of its class."""

_FRAME_METHODS = frozenset(
    """
    dropna fillna drop drop_duplicates rename reset_index set_index sort_values sort_index head tail
    sample merge join assign astype query replace apply applymap transform interpolate ffill bfill
    select_dtypes pivot pivot_table melt explode nlargest nsmallest describe corr round where mask
    clip shift diff pct_change iloc loc append reindex filter pipe get_dummies
    """.split()
)
_IMAGE_METHODS = frozenset(
    "resize convert crop rotate transpose filter copy thumbnail point quantize".split()
)
_METHOD_CLASSES = {
    "matplotlib.figure.Figure": {
        "add_subplot": _AXES,
        "gca": _AXES,
        "add_axes": _AXES,
    },
    "matplotlib.axes.Axes": {"get_figure": _FIGURE, "twinx": _AXES, "twiny": _AXES},
    "docx.Document": {"add_paragraph": "docx.text.Paragraph"},
}

_MAKERS = frozenset("load create open new instance make read".split())
"""Class methods that give an instance; so do those whose names start with "from_"."""

BUILTINS = frozenset(dir(builtins))


@lru_cache(maxsize=10_000)
def made_by(name: str) -> Value:
    """What calling a library's class or function gives, as far as its name tells."""
    known = FACTORIES.get(name)
    if known is not None:
        return Instance(known)
    if name in TUPLES:
        return Items(TUPLES[name])
    module, _, last = name.rpartition(".")
    if not module:
        return UNKNOWN if name in BUILTINS and not name[:1].isupper() else _class_or_product(name)
    if name.startswith(_FRAMES):
        return Instance(_FRAME_CLASSES[module.split(".", 1)[0]])
    if module == "plotly.express":
        return Instance("plotly.graph_objects.Figure")
    owner = module.rsplit(".", 1)[-1]
    if (last in _MAKERS or last.startswith("from_")) and is_class_name(owner):
        return Instance(module)
    return _class_or_product(name)


def _class_or_product(name: str) -> Value:
    return Instance(name) if is_class_name(name.rsplit(".", 1)[-1]) else Product(name)


def is_class_name(name: str) -> bool:
    """By the convention that classes start with a capital."""
    return name.lstrip("_")[:1].isupper()


def method_result(receiver: Instance | Product, method: str) -> Value:
    """What a method of a library's object gives, as far as is known."""
    if isinstance(receiver, Product):
        return receiver if method in SAME_CLASS else Product(f"{receiver.maker}.{method}")
    name = receiver.name
    if method == "fit" and "keras" in name:
        return Instance("keras.callbacks.History")
    if method in SAME_CLASS:
        return Instance(name)
    if name.endswith("DataFrame") and method in _FRAME_METHODS:
        return Instance(name)
    if name == "PIL.Image.Image" and method in _IMAGE_METHODS:
        return Instance(name)
    known = _METHOD_CLASSES.get(name, {}).get(method)
    if known is not None:
        return Instance(known)
    if name == _FIGURE and method == "subplots":
        return Instance(_AXES)
    return Product(f"{name}.{method}")
