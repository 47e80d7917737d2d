"""Each thing that a requirement asks of code is seen in the ways in which people write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from results.records import Outcome
from tests.judge.checks.scenes import verdict_on

LOAD = "src/data_loader.py"
MODEL = "src/model.py"
TRAIN = "src/train.py"
RUN = "\n\nif __name__ == '__main__':\n    main()\n"

WAYS: list[tuple[str, str, str, str]] = [
    # name, requirement, path, code
    (
        "SVC inside a pipeline",
        'The "SVM classifier" is implemented in `src/model.py`.',
        MODEL,
        """
        from sklearn import svm
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        def get_model(c=1.0):
            return make_pipeline(StandardScaler(), svm.LinearSVC(C=c))
        """,
    ),
    (
        "SVR class named as a value in a table of models",
        'The "SVM regressor" is implemented in `src/model.py`.',
        MODEL,
        """
        from sklearn.svm import SVR

        MODELS = {"svr": SVR}

        def build(name="svr", **options):
            return MODELS[name](**options)
        """,
    ),
    (
        "a hand-written SVM",
        'The "SVM classifier" is implemented in `src/model.py`.',
        MODEL,
        """
        import numpy as np

        class LinearSVM:
            def __init__(self, lr=0.01, reg=0.01, epochs=100):
                self.lr, self.reg, self.epochs = lr, reg, epochs

            def fit(self, X, y):
                y = np.where(y > 0, 1, -1)
                self.w = np.zeros(X.shape[1])
                self.b = 0.0
                for _ in range(self.epochs):
                    for row, label in zip(X, y):
                        if label * (row @ self.w + self.b) < 1:
                            self.w -= self.lr * (self.reg * self.w - label * row)
                            self.b += self.lr * label
                        else:
                            self.w -= self.lr * self.reg * self.w
                return self

            def predict(self, X):
                return (X @ self.w + self.b > 0).astype(int)
        """,
    ),
    (
        "linear regression by the normal equation",
        'The "Linear Regression" model is implemented in `src/model.py`.',
        MODEL,
        """
        import numpy as np

        class LinearRegressor:
            def fit(self, X, y):
                A = np.c_[np.ones(len(X)), X]
                self.theta = np.linalg.pinv(A.T @ A) @ A.T @ y
                return self

            def predict(self, X):
                return np.c_[np.ones(len(X)), X] @ self.theta
        """,
    ),
    (
        "logistic regression from statsmodels",
        'The "Logistic Regression" model is implemented in `src/model.py`.',
        MODEL,
        """
        import statsmodels.api as sm

        def fit_model(X, y):
            return sm.Logit(y, sm.add_constant(X)).fit(disp=0)
        """,
    ),
    (
        "a decision tree regressor by its module",
        'The "Decision Tree" regression model is implemented in `src/model.py`.',
        MODEL,
        """
        import sklearn.tree as tree

        def make(depth):
            model = tree.DecisionTreeRegressor(max_depth=depth)
            return model
        """,
    ),
    (
        "a random forest",
        'The "Random Forest" regression model is implemented in `src/model.py`.',
        MODEL,
        """
        from sklearn.ensemble import RandomForestRegressor

        class Forest:
            def __init__(self):
                self.inner = RandomForestRegressor(n_estimators=50)

            def fit(self, X, y):
                self.inner.fit(X, y)
                return self

            def predict(self, X):
                return self.inner.predict(X)
        """,
    ),
    (
        "XGBoost by its native interface",
        'The "XGBoost" model is implemented in `src/model.py`.',
        MODEL,
        """
        import xgboost as xgb

        def train_model(X, y, rounds=100):
            data = xgb.DMatrix(X, label=y)
            return xgb.train({"objective": "binary:logistic"}, data, num_boost_round=rounds)
        """,
    ),
    (
        "k nearest neighbours written out",
        'The "KNN classifier" is implemented in `src/model.py`.',
        MODEL,
        """
        import numpy as np
        from collections import Counter

        class KNN:
            def __init__(self, k=5):
                self.k = k

            def fit(self, X, y):
                self.X, self.y = np.asarray(X), np.asarray(y)
                return self

            def predict(self, X):
                answers = []
                for row in np.asarray(X):
                    near = np.argsort(((self.X - row) ** 2).sum(axis=1))[: self.k]
                    answers.append(Counter(self.y[near]).most_common(1)[0][0])
                return np.array(answers)
        """,
    ),
    (
        "k-means under another name",
        '"K-means" clustering algorithm is implemented in `src/model.py`.',
        MODEL,
        """
        import numpy as np

        class Grouping:
            def __init__(self, n=3, rounds=50):
                self.n, self.rounds = n, rounds

            def fit(self, points):
                rng = np.random.default_rng(0)
                self.middle = points[rng.choice(len(points), self.n, replace=False)]
                for _ in range(self.rounds):
                    far = ((points[:, None] - self.middle[None]) ** 2).sum(-1)
                    self.group = far.argmin(axis=1)
                    self.middle = np.array(
                        [points[self.group == g].mean(axis=0) for g in range(self.n)]
                    )
                return self
        """,
    ),
    (
        "an LSTM of keras",
        'An "LSTM" model is used for sentiment analysis and should be implemented in'
        " `src/model.py`.",
        MODEL,
        """
        from tensorflow.keras import layers, models

        def build(vocabulary):
            net = models.Sequential()
            net.add(layers.Embedding(vocabulary, 64))
            net.add(layers.LSTM(32))
            net.add(layers.Dense(1, activation="sigmoid"))
            return net
        """,
    ),
    (
        "a CNN-LSTM of torch",
        'The "CNN-LSTM" model is implemented in `src/model.py`.',
        MODEL,
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv1d(40, 64, 3)
                self.rnn = nn.LSTM(64, 32, batch_first=True)
                self.head = nn.Linear(32, 8)

            def forward(self, x):
                x = self.conv(x).transpose(1, 2)
                out, _ = self.rnn(x)
                return self.head(out[:, -1])
        """,
    ),
    (
        "a DQN of torch",
        'The "DQN" algorithm is implemented using PyTorch and saved in `src/model.py`.',
        MODEL,
        """
        import random
        from collections import deque

        import torch
        from torch import nn

        class QNetwork(nn.Module):
            def __init__(self, n_in, n_out):
                super().__init__()
                self.layers = nn.Sequential(nn.Linear(n_in, 64), nn.ReLU(), nn.Linear(64, n_out))

            def forward(self, x):
                return self.layers(x)

        class Agent:
            def __init__(self, n_in, n_out, gamma=0.99):
                self.net, self.target = QNetwork(n_in, n_out), QNetwork(n_in, n_out)
                self.memory = deque(maxlen=10_000)
                self.optimiser = torch.optim.Adam(self.net.parameters())
                self.gamma = gamma

            def learn(self, size=64):
                batch = random.sample(self.memory, size)
                s, a, r, s2, d = map(torch.stack, zip(*batch))
                best = self.target(s2).max(1).values.detach()
                q = self.net(s).gather(1, a[:, None]).squeeze(1)
                loss = nn.functional.mse_loss(q, r + self.gamma * best * (1 - d))
                self.optimiser.zero_grad()
                loss.backward()
                self.optimiser.step()
        """,
    ),
    (
        "PPO of stable-baselines",
        'The "PPO" algorithm is used in `src/train.py`.',
        TRAIN,
        """
        import gymnasium as gym
        from stable_baselines3 import PPO

        def main():
            env = gym.make("CartPole-v1")
            model = PPO("MlpPolicy", env, verbose=0)
            model.learn(total_timesteps=2_000)
        """
        + "        "
        + RUN.replace("\n", "\n        "),
    ),
    (
        "PPO written out",
        'The "Proximal Policy Optimization (PPO)" algorithm is implemented in `src/train.py`.',
        TRAIN,
        """
        import torch

        def update(policy, optimiser, states, actions, old, advantage, eps=0.2):
            ratio = torch.exp(policy(states).log_prob(actions) - old)
            clipped = torch.clamp(ratio, 1 - eps, 1 + eps) * advantage
            loss = -torch.min(ratio * advantage, clipped).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            return loss.item()
        """,
    ),
    (
        "a DCGAN",
        'The "DCGAN" model, not a standard GAN, is implemented in `src/model.py`.',
        MODEL,
        """
        from torch import nn

        class Generator(nn.Module):
            def __init__(self, nz=64):
                super().__init__()
                self.main = nn.Sequential(nn.ConvTranspose2d(nz, 64, 7), nn.ReLU(),
                                          nn.ConvTranspose2d(64, 1, 4, 2, 1), nn.Tanh())

            def forward(self, z):
                return self.main(z)

        class Discriminator(nn.Module):
            def __init__(self):
                super().__init__()
                self.main = nn.Sequential(nn.Conv2d(1, 64, 4, 2, 1), nn.LeakyReLU(0.2))

            def forward(self, x):
                return self.main(x)
        """,
    ),
    (
        "a pre-trained ResNet",
        'The pre-trained "ResNet-50" model is imported from PyTorch in `src/model.py`.',
        MODEL,
        """
        import torchvision
        from torch import nn

        def lane_net(n):
            net = torchvision.models.resnet50(weights="IMAGENET1K_V2")
            net.fc = nn.Linear(net.fc.in_features, n)
            return net
        """,
    ),
    (
        "BART by a pipeline",
        'A pre-trained "BART" model is imported for text summarization in `src/model.py`.',
        MODEL,
        """
        from transformers import pipeline

        def load():
            return pipeline("summarization", model="facebook/bart-large-cnn")
        """,
    ),
    (
        "neural collaborative filtering",
        'The "Neural Collaborative Filtering (NCF)" algorithm is implemented in `src/model.py`.',
        MODEL,
        """
        import torch
        from torch import nn

        class Recommender(nn.Module):
            def __init__(self, users, items, size=16):
                super().__init__()
                self.user = nn.Embedding(users, size)
                self.item = nn.Embedding(items, size)
                self.mlp = nn.Sequential(nn.Linear(2 * size, 32), nn.ReLU(), nn.Linear(32, 1))

            def forward(self, u, i):
                return self.mlp(torch.cat([self.user(u), self.item(i)], dim=-1)).squeeze(-1)
        """,
    ),
    (
        "attention written out",
        "The attention mechanism is implemented in `src/model.py`.",
        MODEL,
        """
        import torch
        from torch import nn

        class Look(nn.Module):
            def __init__(self, a, b):
                super().__init__()
                self.left, self.right = nn.Linear(a, 64), nn.Linear(b, 64)
                self.full = nn.Linear(64, 1)

            def forward(self, image, hidden):
                energy = self.full(torch.tanh(self.left(image) + self.right(hidden)[:, None]))
                alpha = torch.softmax(energy.squeeze(-1), dim=1)
                return (image * alpha[..., None]).sum(dim=1), alpha
        """,
    ),
    (
        "non-maximum suppression written out",
        '"Non-Maximum Suppression" (NMS) is implemented in `src/model.py`.',
        MODEL,
        """
        import numpy as np

        def nms(boxes, scores, limit=0.5):
            order = scores.argsort()[::-1]
            keep = []
            while len(order):
                first, rest = order[0], order[1:]
                keep.append(first)
                x1 = np.maximum(boxes[first, 0], boxes[rest, 0])
                x2 = np.minimum(boxes[first, 2], boxes[rest, 2])
                order = rest[(x2 - x1) <= limit]
            return keep
        """,
    ),
    # Data
    (
        "a loader of sklearn, called by main",
        'The "Iris" dataset is loaded in `src/data_loader.py`.',
        LOAD,
        """
        from sklearn import datasets

        def main():
            iris = datasets.load_iris()
            print(iris.data.shape)
            return iris
        """
        + "        "
        + RUN.replace("\n", "\n        "),
    ),
    (
        "a dataset of the hub",
        'The "IMDb" movie reviews dataset is loaded in `src/data_loader.py`.',
        LOAD,
        """
        from datasets import load_dataset

        NAME = "stanfordnlp/imdb"
        reviews = load_dataset(NAME, split="train")
        print(len(reviews))
        """,
    ),
    (
        "a dataset of torchvision",
        'The "Fashion-MNIST" dataset is loaded in `src/data_loader.py`.',
        LOAD,
        """
        from torchvision import datasets, transforms

        train = datasets.FashionMNIST("data", train=True, download=True,
                                      transform=transforms.ToTensor())
        print(len(train))
        """,
    ),
    (
        "openml by name",
        'The "Titanic" survival prediction dataset is loaded in `src/data_loader.py`.',
        LOAD,
        """
        from sklearn.datasets import fetch_openml

        X, y = fetch_openml("titanic", version=1, as_frame=True, return_X_y=True)
        print(X.head())
        """,
    ),
    (
        "a csv from an address",
        'The "Wine Quality" dataset from "UCI" is used.',
        LOAD,
        """
        import pandas as pd

        ROOT = "https://archive.ics.uci.edu/ml/machine-learning-databases/wine-quality"
        frame = pd.read_csv(ROOT + "/winequality-red.csv", sep=";")
        print(frame.describe())
        """,
    ),
    # Steps
    (
        "missing values dropped and columns encoded",
        "Data preprocessing is performed in `src/data_loader.py`, including handling missing values"
        " and feature encoding.",
        LOAD,
        """
        import pandas as pd

        frame = pd.read_csv("https://example.org/credit.csv")
        frame = frame.dropna()
        frame["job"] = frame["job"].astype("category").cat.codes
        print(frame)
        """,
    ),
    (
        "outliers by quantiles",
        "Data cleaning, including handling missing values and outliers, is performed in"
        " `src/data_loader.py`.",
        LOAD,
        """
        import pandas as pd

        def clean(frame):
            frame = frame.ffill()
            low, high = frame.close.quantile([0.01, 0.99])
            return frame[(frame.close >= low) & (frame.close <= high)]

        print(clean(pd.read_csv("https://example.org/prices.csv")))
        """,
    ),
    (
        "standardisation by hand",
        "Data is standardized to ensure feature values are within the same range in"
        " `src/data_loader.py`.",
        LOAD,
        """
        import numpy as np

        def prepare(train, test):
            mean, std = train.mean(axis=0), train.std(axis=0)
            return (train - mean) / std, (test - mean) / std

        print(prepare(np.loadtxt("a.txt"), np.loadtxt("b.txt")))
        """,
    ),
    (
        "text cleaning with nltk",
        "The dataset is cleaned, including by removing stop words, punctuation, and special"
        " characters, all in `src/data_loader.py`.",
        LOAD,
        """
        import re
        import string
        from nltk.corpus import stopwords

        STOP = set(stopwords.words("english"))

        def clean(text):
            text = text.lower().translate(str.maketrans("", "", string.punctuation))
            text = re.sub(r"[^a-z0-9 ]", "", text)
            return " ".join(w for w in text.split() if w not in STOP)

        print([clean(t) for t in open("tweets.txt")])
        """,
    ),
    (
        "TF-IDF",
        '"TF-IDF" features are used in `src/data_loader.py`.',
        LOAD,
        """
        from sklearn.feature_extraction.text import TfidfVectorizer

        def features(texts):
            return TfidfVectorizer(max_features=500).fit_transform(texts)

        print(features(open("mails.txt").readlines()))
        """,
    ),
    (
        "oversampling by resample",
        "Imbalanced data is handled using oversampling or undersampling techniques in"
        " `src/data_loader.py`.",
        LOAD,
        """
        import pandas as pd
        from sklearn.utils import resample

        def balance(frame):
            few, many = frame[frame.y == 1], frame[frame.y == 0]
            more = resample(few, replace=True, n_samples=len(many), random_state=0)
            return pd.concat([many, more])

        print(balance(pd.read_csv("https://example.org/loans.csv")))
        """,
    ),
    (
        "augmentation by torchvision",
        "Data augmentation is performed using `torchvision.transforms`, including rotation,"
        " scaling, etc. The implementation is in `src/data_loader.py`.",
        LOAD,
        """
        from torchvision import datasets, transforms as T

        pipeline = T.Compose([T.RandomRotation(10), T.RandomResizedCrop(28, scale=(0.8, 1.0)),
                              T.ToTensor()])
        data = datasets.FashionMNIST("data", transform=pipeline)
        print(len(data))
        """,
    ),
    (
        "augmentation by hand",
        "Data augmentation, including flipping and rotating images, is performed in"
        " `src/data_loader.py`.",
        LOAD,
        """
        import numpy as np
        from PIL import Image

        def more(image):
            yield image
            yield np.fliplr(image)
            yield np.rot90(image)

        print(list(more(np.asarray(Image.open("a.png")))))
        """,
    ),
    (
        "a split by position",
        "The data is split into training and testing sets and implemented in `src/data_loader.py`.",
        LOAD,
        """
        import numpy as np

        def load(share=0.8):
            values = np.loadtxt("sales.txt")
            cut = int(len(values) * share)
            return values[:cut], values[cut:]

        print(load())
        """,
    ),
    (
        "windows of a series",
        "A time window is used to convert the time series data to a supervised learning problem."
        " Please save the implementation in `src/data_loader.py`.",
        LOAD,
        """
        import numpy as np

        def to_pairs(values, n):
            xs, ys = [], []
            for i in range(n, len(values)):
                xs.append(values[i - n:i])
                ys.append(values[i])
            return np.array(xs), np.array(ys)
        """,
    ),
    (
        "feature selection by correlation",
        "Feature selection is performed to identify important features in `src/data_loader.py`.",
        LOAD,
        """
        import pandas as pd

        def select(frame, target, k=5):
            strength = frame.corr()[target].abs().sort_values(ascending=False)
            return frame[strength.index[1:k + 1]]

        print(select(pd.read_csv("https://example.org/cars.csv"), "price"))
        """,
    ),
    (
        "MFCC features",
        "MFCC feature extraction is implemented in `src/data_loader.py`.",
        LOAD,
        """
        import librosa

        def extract(path):
            sound, rate = librosa.load(path)
            return librosa.feature.mfcc(y=sound, sr=rate, n_mfcc=20).mean(axis=1)
        """,
    ),
    (
        "cross-validation by folds",
        "Cross-validation is used to evaluate the model in `src/train.py`.",
        TRAIN,
        """
        import numpy as np
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import StratifiedKFold

        X, y = np.load("x.npy"), np.load("y.npy")
        scores = []
        for train, test in StratifiedKFold(5).split(X, y):
            model = LogisticRegression().fit(X[train], y[train])
            scores.append(model.score(X[test], y[test]))
        print(np.mean(scores))
        """,
    ),
    (
        "hyperparameters in nested loops",
        "Hyperparameters such as learning rate and batch size are tuned in `src/train.py`.",
        TRAIN,
        """
        from model import train_once

        def main():
            best = None
            for lr in (1e-3, 1e-2):
                for batch_size in (16, 32):
                    loss = train_once(lr, batch_size)
                    if best is None or loss < best[0]:
                        best = (loss, lr, batch_size)
            print(best)
        """
        + "        "
        + RUN.replace("\n", "\n        "),
    ),
    (
        "a grid search",
        'Hyperparameter tuning is performed using "GridSearchCV" in `src/train.py`.',
        TRAIN,
        """
        import numpy as np
        from sklearn.model_selection import GridSearchCV
        from sklearn.svm import SVC

        search = GridSearchCV(SVC(), {"C": [0.1, 1, 10]}, cv=3)
        search.fit(np.load("x.npy"), np.load("y.npy"))
        print(search.best_params_)
        """,
    ),
    (
        "tqdm around the epochs",
        'Training progress is displayed using the "tqdm" library in the main training loop in'
        " `src/train.py`.",
        TRAIN,
        """
        from tqdm.auto import tqdm

        def main(epochs=5):
            total = 0
            for epoch in tqdm(range(epochs)):
                total += epoch
            print(total)
        """
        + "        "
        + RUN.replace("\n", "\n        "),
    ),
    # Interfaces
    (
        "a Flask service",
        'A local API is created using "Flask" to allow users to upload audio files and receive'
        " emotion recognition results. The implementation should be included in `src/hci.py`.",
        "src/hci.py",
        """
        from flask import Flask, jsonify, request

        app = Flask(__name__)

        @app.route("/predict", methods=["POST"])
        def predict():
            sound = request.files["audio"].read()
            return jsonify({"emotion": classify(sound)})

        def classify(sound):
            return "calm" if sum(sound) / len(sound) < 128 else "angry"

        if __name__ == "__main__":
            app.run()
        """,
    ),
    (
        "a Streamlit page",
        'An interactive web page is created in `src/app.py` using "Streamlit" to showcase'
        " classification results and model performance.",
        "src/app.py",
        """
        import pandas as pd
        import streamlit as st

        frame = pd.read_csv("https://example.org/scores.csv")
        chosen = st.selectbox("Class", frame["class"].unique())
        st.dataframe(frame[frame["class"] == chosen])
        """,
    ),
    (
        "a Gradio tool where it or Streamlit is asked",
        "An interactive tool is created allowing users to input mathematical problems and receive"
        ' solutions using "Gradio" or "Streamlit" in `src/interface.py`.',
        "src/interface.py",
        """
        import gradio as gr

        def solve(problem):
            left, right = problem.split("+")
            return int(left) + int(right)

        gr.Interface(fn=solve, inputs="text", outputs="text").launch()
        """,
    ),
    (
        "a Dash board",
        "An interactive visualization dashboard of prediction results is created using"
        ' "Dash". The implementation is saved in `src/visualize.py`.',
        "src/visualize.py",
        """
        import dash
        import pandas as pd
        import plotly.express as px
        from dash import dcc, html

        frame = pd.read_csv("https://example.org/predictions.csv")
        app = dash.Dash(__name__)
        app.layout = html.Div([dcc.Graph(figure=px.line(frame, x="day", y="price"))])

        if __name__ == "__main__":
            app.run(debug=True)
        """,
    ),
    (
        "LIME",
        '"LIME" is used for model prediction explanation and implemented in `src/visualize.py`.',
        "src/visualize.py",
        """
        from lime.lime_tabular import LimeTabularExplainer

        def explain(model, train, row):
            explainer = LimeTabularExplainer(train, mode="classification")
            return explainer.explain_instance(row, model.predict_proba).as_list()
        """,
    ),
]


@pytest.mark.parametrize(("name", "criteria", "path", "code"), WAYS, ids=[w[0] for w in WAYS])
def test_a_way_of_doing_it_is_seen(
    name: str, criteria: str, path: str, code: str, tmp_path: Path
) -> None:
    files = {path: code, "src/model.py": "def train_once(lr, size):\n    return lr * size\n"}
    files[path] = code
    verdict = verdict_on(tmp_path, criteria, files)
    assert verdict.outcome is Outcome.SATISFIED, verdict.reason
    assert verdict.evidence
