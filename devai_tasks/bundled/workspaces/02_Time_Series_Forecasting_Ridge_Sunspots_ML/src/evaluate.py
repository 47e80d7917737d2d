"""Forecast errors, and the comparison with the naive forecast."""
import numpy as np


def errors(actual, predicted):
    residual = np.asarray(actual) - np.asarray(predicted)
    return {"MAE": float(np.abs(residual).mean()), "RMSE": float(np.sqrt((residual ** 2).mean()))}


def compare_with_naive(X_test, y_test, predicted):
    """Errors of the model beside those of repeating the previous year's value."""
    naive = X_test[:, 0]
    return {"model": errors(y_test, predicted), "naive": errors(y_test, naive)}
