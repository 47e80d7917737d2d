"""Which file of the workspace a Python import means, if any."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from judge.code.python_source import PythonSource

# Import names that mean an installed package wherever the workspace has no regular package or
# module of that name beside the importing file or at its root.
THIRD_PARTY = frozenset(
    """
    absl accelerate aiohttp albumentations altair anthropic apscheduler arch astropy attr attrs
    autogluon av azure baselines bertopic bitsandbytes bokeh boto3 bs4 cartopy catboost
    category_encoders causalml celery cffi chainlit chardet chromadb click cloudpickle
    cmdstanpy colorama comet_ml contextily control cryptography cupy cv2 cvxpy cycler dash dask
    databricks dataclasses_json datasets dateutil deap deepface detectron2 dgl diffusers dill
    distributed django dlib docker docx docx2pdf dotenv duckdb easyocr einops elasticsearch
    empyrical evaluate facenet_pytorch fairseq faiss fastai fastapi fasttext fbprophet
    feature_engine filterpy fire fitz flair flask flask_cors flask_login flask_sqlalchemy flax
    folium fpdf fsspec gdown gensim geopandas gluonts google googleapiclient gradio graphviz
    groq gspread gtts gym gymnasium h5py haystack hmmlearn holoviews httpx huggingface_hub
    hydra hyperopt igraph imageio imblearn imgaug implicit jax jieba jinja2 joblib kaggle keras
    keras_tuner kivy kneed kornia langchain langchain_community langchain_core langchain_openai
    lazypredict librosa lifelines lightfm lightgbm lightning lime llama_index loguru lxml
    markdown matplotlib mediapipe mesa missingno mlflow mlxtend mne monai moviepy mplfinance
    multiprocess mxnet nbformat neo4j networkx nibabel nltk noisereduce numba numpy ollama
    omegaconf onnx onnxruntime openai openpyxl optuna orjson osmnx paddle pandas
    pandas_datareader pandas_profiling papermill passlib patsy peewee peft pettingzoo pgmpy
    pikepdf PIL playwright plotly plotnine pmdarima polars praw prefect prettytable prophet
    psutil psycopg2 pyarrow pyaudio pycaret pycocotools pycountry pydantic pydub pygame
    pygments pyLDAvis pymc pymongo pymysql pynvml pyod pyomo pypdf PyPDF2 pyproj PyQt5 PyQt6
    pyspark pytesseract pytest pytorch_lightning pyttsx3 pytz pyvis pywt qdrant_client qrcode
    quantstats rasterio ray rdkit recbole redis regex reportlab requests rich river robosuite
    rouge rouge_score sacrebleu sacremoses safetensors sagemaker sb3_contrib scikitplot scipy
    scrapy seaborn segmentation_models_pytorch selenium sentence_transformers sentencepiece
    seqeval setuptools shap shapely simpy skimage sklearn sklearn_crfsuite skopt smolagents
    snowflake snscrape sortedcontainers soundfile spacy speechbrain sqlalchemy sqlmodel
    stable_baselines3 starlette statsmodels streamlit structlog stumpy surprise sympy ta
    tabulate talib tenacity tensorboard tensorboardX tensorflow tensorflow_datasets
    tensorflow_hub tensorflow_probability tensorflow_text textblob textstat thop tiktoken timm
    tokenizers toml torch torch_geometric torchaudio torchinfo torchmetrics torchsummary
    torchtext torchvision tornado tqdm transformers trl tsfresh tslearn tweepy typer ujson
    ultralytics umap unidecode unstructured uvicorn vaderSentiment vizdoom wandb weasyprint
    webdriver_manager websockets werkzeug wget whisper wordcloud xarray xgboost xlrd xlsxwriter
    yaml yellowbrick yfinance yt_dlp zarr
    """.split()
)
INSTALLED = THIRD_PARTY | sys.stdlib_module_names

_MAX_SUFFIX = 6
"""How many parts of a path can make up a module's name."""


class Project:
    """The Python files of a workspace, found by the names that imports use."""

    def __init__(self, sources: Mapping[str, PythonSource]) -> None:
        self.sources = sources
        self._by_suffix: dict[str, list[str]] = {}
        self._folders: set[str] = set()
        for path in sources:
            if not path.endswith(".py"):
                continue
            stem = path.rsplit(".", 1)[0].removesuffix("/__init__")
            parts = stem.split("/")
            for count in range(1, min(len(parts), _MAX_SUFFIX) + 1):
                self._by_suffix.setdefault("/".join(parts[-count:]), []).append(path)
            folders = path.split("/")[:-1]
            for start in range(len(folders)):
                for end in range(start + 1, min(len(folders), start + _MAX_SUFFIX) + 1):
                    self._folders.add("/".join(folders[start:end]))

    def find(self, importer: str, module: str, level: int) -> PythonSource | None:
        """The file that a module's name means in a file, if the workspace has it."""
        if level:
            folder = self.relative_folder(importer, level)
            if folder is None:
                return None
            place = "/".join(filter(None, (folder, module.replace(".", "/"))))
            return self._at(place)
        return self._absolute(importer, module.replace(".", "/"))

    def find_by_names(self, importer: str, module: str, names: list[str]) -> PythonSource | None:
        """A file with an installed package's name that defines all that is imported from it: its
        folder must be meant to stand on sys.path."""
        for path in self._by_suffix.get(module.replace(".", "/"), ()):
            source = self.sources[path]
            if path != importer and all(name in source.names for name in names):
                return source
        return None

    def relative_folder(self, importer: str, level: int) -> str | None:
        """The folder that leading dots mean; None where they lead out of the workspace."""
        parts = importer.split("/")[:-1]
        if level - 1 > len(parts):
            return None
        return "/".join(parts[: len(parts) - level + 1])

    def is_expected(self, importer: str, module: str, level: int) -> bool:
        """Whether a module that was not found ought to be in the workspace."""
        if level:
            return True
        top = module.split(".", 1)[0]
        if top in INSTALLED:
            return "." in module and self._absolute(importer, top) is not None
        return top in self._folders or self._absolute(importer, top) is not None

    def is_folder(self, module: str) -> bool:
        """Whether a name means a folder of sources without `__init__.py`."""
        top = module.split(".", 1)[0]
        return top not in INSTALLED and module.replace(".", "/") in self._folders

    def _absolute(self, importer: str, place: str) -> PythonSource | None:
        candidates = self._by_suffix.get(place)
        if not candidates:
            return None
        folder = importer.rpartition("/")[0]
        while True:  # the script's own folder first, then outwards to the root
            found = self._at(f"{folder}/{place}" if folder else place)
            if found is not None and (found.path != importer or "/" in place):
                return found
            if place.split("/", 1)[0] in INSTALLED and folder:
                folder = ""
                continue
            if not folder:
                break
            folder = folder.rpartition("/")[0]
        if place.split("/", 1)[0] in INSTALLED:
            return None
        return next(
            (self.sources[path] for path in candidates if path != importer), None
        )  # as if its folder stood on sys.path

    def _at(self, place: str) -> PythonSource | None:
        for path in (f"{place}.py", f"{place}/__init__.py" if place else "__init__.py"):
            if path in self.sources:
                return self.sources[path]
        return None
