"""Lag features and the chronological split."""
import numpy as np

N_LAGS = 12
TEST_SHARE = 0.2


def make_lags(values, n_lags=N_LAGS):
    """Row t holds the n_lags values before t, the nearest first; the target is the value at t."""
    rows = [values[t - n_lags:t][::-1] for t in range(n_lags, len(values))]
    return np.array(rows), values[n_lags:]


def chronological_split(features, targets, years, test_share=TEST_SHARE):
    cut = int(len(targets) * (1 - test_share))
    return (features[:cut], targets[:cut], years[:cut]), (features[cut:], targets[cut:], years[cut:])
