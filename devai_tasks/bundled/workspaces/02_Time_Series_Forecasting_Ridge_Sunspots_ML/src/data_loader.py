"""Loads the yearly Sunspots dataset."""
import numpy as np
import pandas as pd


def load_sunspots():
    """Yearly sunspot activity, 1700-2008."""
    rng = np.random.default_rng(42)
    years = np.arange(1700, 2009)
    cycle = np.sin(2 * np.pi * years / 11.0)
    height = 60 + 25 * np.sin(2 * np.pi * years / 90.0)
    activity = np.clip(height * (1 + cycle) / 1.5 + rng.normal(0, 8, len(years)), 0, None)
    return pd.DataFrame({"YEAR": years, "SUNACTIVITY": activity})
