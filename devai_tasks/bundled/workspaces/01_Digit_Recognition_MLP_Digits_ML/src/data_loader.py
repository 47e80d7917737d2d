"""Digits dataset: loading, scaling and splitting."""

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

MAX_PIXEL = 16.0


@dataclass
class DigitsSplit:
    x_train: np.ndarray
    x_test: np.ndarray
    y_train: np.ndarray
    y_test: np.ndarray


def load_split(test_size: float = 0.25, seed: int = 7) -> DigitsSplit:
    images, labels = load_digits(return_X_y=True)
    images = images / MAX_PIXEL
    x_train, x_test, y_train, y_test = train_test_split(
        images, labels, test_size=test_size, stratify=labels, random_state=seed
    )
    return DigitsSplit(x_train, x_test, y_train, y_test)
