"""Datasets: what a requirement calls them, and their loaders, addresses and file names."""

from __future__ import annotations

from judge.judges.checks.vocabulary.concept import Concept, Kind, table

_dataset = table(Kind.DATASET)

DATASETS: tuple[Concept, ...] = (
    _dataset(
        "Fashion-MNIST",
        r"fashion-?\s?mnist",
        "FashionMNIST fashion_mnist.load_data keras.datasets.fashion_mnist.*",
        literals=r"fashion[-_ ]?mnist",
    ),
    _dataset(
        "MNIST",
        r"mnist",
        "torchvision.datasets.MNIST MNIST mnist.load_data "
        "keras.datasets.mnist.* tensorflow.keras.datasets.mnist.* load_digits",
        literals=r"(?<!fashion[-_])(?<!fashion)\bmnist",
    ),
    _dataset("CIFAR-10", r"cifar-?100?", "CIFAR10 CIFAR100 cifar10.load_data", literals=r"cifar"),
    _dataset(
        "ImageNet", r"imagenet", "torchvision.datasets.ImageNet ImageNet", literals=r"imagenet"
    ),
    _dataset(
        "20 Newsgroups",
        r"(?:20|twenty)[- ]?newsgroups?",
        "fetch_20newsgroups fetch_20newsgroups_vectorized",
        literals=r"newsgroup",
    ),
    _dataset("Sentiment140", r"sentiment ?140", literals=r"sentiment[-_]?140|training\.1600000"),
    _dataset("Set5", r"set5", literals=r"set5"),
    _dataset(
        "MovieLens",
        r"movie-?lens",
        "surprise.Dataset.load_builtin",
        literals=r"movielens|ml-?(?:100k|1m|latest|10m|20m|25m|32m)|u\.data|"
        r"(?:^|/)ratings\.(?:csv|dat)",
    ),
    _dataset(
        "LFW",
        r"lfw",
        "fetch_lfw_people fetch_lfw_pairs LFWPeople LFWPairs",
        literals=r"\blfw|labell?ed[-_ ]faces",
    ),
    _dataset(
        "Boston Housing",
        r"boston(?: house| housing)?(?: price)?",
        "load_boston boston_housing.load_data",
        literals=r"boston|housing\.(?:csv|data)",
    ),
    _dataset(
        "California Housing",
        r"california housing",
        "fetch_california_housing",
        literals=r"california",
    ),
    _dataset("Enron-Spam", r"enron(?:[- ]spam)?", literals=r"enron"),
    _dataset("Telco Customer Churn", r"telco(?: customer)? churn", literals=r"telco|churn"),
    _dataset("Flickr8k", r"flickr-?8k", "Flickr8k", literals=r"flickr[-_]?(?:8k|30k)?"),
    _dataset(
        "German Credit",
        r"(?:statlog )?german credit",
        "fetch_ucirepo",
        literals=r"german|credit-g|statlog|^144$",
    ),
    _dataset(
        "UCI Heart Disease",
        r"(?:uci )?heart disease",
        "fetch_ucirepo",
        literals=r"heart|cleveland|^45$",
    ),
    _dataset("DIV2K", r"div2k", literals=r"div2k"),
    _dataset("Rossmann Store Sales", r"rossmann(?: store sales)?", literals=r"rossmann"),
    _dataset(
        "Car Prices",
        r"(?:kaggle )?car prices?",
        literals=r"\bcars?\b|car[-_ ]?price|"
        r"carprice|car[-_]data|vehicles?",
    ),
    _dataset(
        "Iris",
        r"iris",
        "load_iris sklearn.datasets.load_iris",
        literals=r"\biris\b|iris\.(?:csv|data)",
    ),
    _dataset(
        "IMDb",
        r"imdb(?: movie reviews?)?",
        "imdb.load_data torchtext.datasets.IMDB IMDB keras.datasets.imdb.*",
        literals=r"imdb|aclimdb",
    ),
    _dataset("Wine Quality", r"wine quality", literals=r"wine[-_ ]?quality|winequality|^186$"),
    _dataset("Wine", r"wine", "load_wine", literals=r"\bwine\b"),
    _dataset(
        "Pima Indians Diabetes", r"pima(?: indians?)?(?: diabetes)?", literals=r"pima|diabetes"
    ),
    _dataset("Diabetes", r"diabetes", "load_diabetes", literals=r"diabetes"),
    _dataset(
        "Digits",
        r"(?:handwritten )?digits",
        "load_digits sklearn.datasets.load_digits",
        literals=r"\bdigits\b|optdigits",
    ),
    _dataset("RAVDESS", r"ravdess", literals=r"ravdess|03-01-"),
    _dataset(
        "UCI Mushroom", r"(?:uci )?mushrooms?", "fetch_ucirepo", literals=r"mushroom|agaricus|^73$"
    ),
    _dataset(
        "Yahoo Finance",
        r"yahoo! finance|yahoo finance",
        "yfinance.* yf.download yf.Ticker pandas_datareader.* yahoo_fin.*",
        literals=r"yahoo",
    ),
    _dataset(
        "financial time series",
        r"financial time[- ]series(?: data)?",
        "yfinance.* yf.download yf.Ticker pandas_datareader.* ccxt.*",
        literals=r"stock|bitcoin|btc|price|yahoo|ticker|aapl|spy|nasdaq",
    ),
    _dataset(
        "stock prices",
        r"stock prices?|bitcoin prices?|(?:historical )?market data",
        "yfinance.* yf.download yf.Ticker pandas_datareader.*",
        literals=r"stock|bitcoin|btc|price|yahoo|market|aapl|spy|goog|msft|nasdaq",
    ),
    _dataset(
        "Pascal VOC", r"pascal[- ]voc", "VOCSegmentation VOCDetection", literals=r"\bvoc|pascal"
    ),
    _dataset(
        "Breast Cancer Wisconsin",
        r"breast cancer(?: wisconsin)?(?: \(diagnostic\))?",
        "load_breast_cancer",
        literals=r"breast[-_ ]?cancer|wdbc|^17$|^15$",
    ),
    _dataset(
        "Weather",
        r"(?:kaggle )?weather(?: data)?(?= dataset|\"? dataset)",
        literals=r"weather|temperature",
    ),
    _dataset(
        "COCO",
        r"(?:ms[- ]?)?coco",
        "CocoDetection COCO pycocotools.*",
        literals=r"\bcoco|coco(?:128|2017|8)?|cocodataset",
    ),
    _dataset(
        "Customer Segmentation",
        r"(?:kaggle )?customer segmentation(?=\"? dataset)",
        literals=r"mall[-_ ]?customers?|customers?|segmentation",
    ),
    _dataset("Lending Club Loan", r"lending[- ]?club(?: loan)?", literals=r"lending|loan"),
    _dataset(
        "GTZAN",
        r"gtzan(?:\"? music emotion)?",
        "torchaudio.datasets.GTZAN GTZAN",
        literals=r"gtzan|genres",
    ),
    _dataset("TuSimple", r"tu-?simple", literals=r"tu-?simple"),
    _dataset("OTB50", r"otb-?(?:50|100)?", literals=r"\botb"),
    _dataset("GDSC", r"gdsc", literals=r"gdsc|cancerrxgene"),
    _dataset("CNN/Daily Mail", r"cnn[/ _-]?daily ?mail", literals=r"cnn[-_/]?daily[-_]?mail"),
    _dataset("Chest X-ray", r"(?:kaggle )?chest[- ]x-?rays?", literals=r"chest|x-?ray|pneumonia"),
    _dataset(
        "Cora", r"cora(?: citation network)?", "Planetoid CoraGraphDataset", literals=r"\bcora\b"
    ),
    _dataset(
        "AG News", r"ag[-_ ]?news", "torchtext.datasets.AG_NEWS AG_NEWS", literals=r"ag[-_]?news"
    ),
    _dataset(
        "Amazon Reviews 2023", r"amazon reviews?(?: 2023)?", literals=r"amazon|mcauley|electronics"
    ),
    _dataset("Electronics subset", r"electronics\"?(?= subset)", literals=r"electronics"),
    _dataset(
        "LibriSpeech",
        r"libri-?speech",
        "torchaudio.datasets.LIBRISPEECH LIBRISPEECH",
        literals=r"libri-?speech",
    ),
    _dataset(
        "CIC-IDS-2017",
        r"(?:network intrusion dataset )?\(?cic-?ids-?(?:2017)?\)?|network "
        r"intrusion|network traffic(?=\"? dataset)",
        literals=r"cic-?ids|ids-?2017|intrusion|network|traffic|friday|monday",
    ),
    _dataset("Titanic", r"titanic", literals=r"titanic"),
    _dataset(
        "DeepMind Mathematics",
        r"deepmind mathematics",
        literals=r"math_dataset|mathematics|deepmind",
    ),
    _dataset(
        "Sunspots",
        r"(?:yearly )?sunspots?",
        "statsmodels.api.datasets.sunspots.* "
        "sunspots.load_pandas sunspots.load statsmodels.datasets.sunspots.*",
        literals=r"sunspots?",
    ),
    _dataset("penguins", r"(?:palmer )?penguins", literals=r"penguins"),
    _dataset("AirPassengers", r"air-?passengers", literals=r"air-?passengers"),
    _dataset("Olivetti faces", r"olivetti(?: faces)?", "fetch_olivetti_faces"),
    _dataset("Covertype", r"cov(?:er)?type", "fetch_covtype"),
    _dataset("Adult income", r"adult(?: income| census)?|census income", literals=r"\badult\b"),
    _dataset("SQuAD", r"squad", literals=r"squad"),
    _dataset("UCI repository", r"uci", "fetch_ucirepo", literals=r"uci"),
)
