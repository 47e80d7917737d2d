import json
import os
import sys

import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt

sys.path.insert(0, "src")
from data_loader import load_sunspots
from evaluate import compare_with_naive, errors
from features import chronological_split, make_lags
from model import RidgeRegression

os.makedirs("results/figures", exist_ok=True)

frame = load_sunspots()
values = frame["SUNACTIVITY"].to_numpy()
X, y = make_lags(values)
years = frame["YEAR"].to_numpy()[len(values) - len(y):]
(X_train, y_train, years_train), (X_test, y_test, years_test) = chronological_split(X, y, years)

model = RidgeRegression(alpha=1.0).fit(X_train, y_train)
predicted = model.predict(X_test)

scores = errors(y_test, predicted)
with open("results/metrics.json", "w") as f:
    json.dump(scores, f, indent=2)
print("train years", years_train[0], years_train[-1], "test years", years_test[0], years_test[-1])
print(scores)

plt.figure(figsize=(7, 3.5))
plt.plot(years, y, color="grey", label="actual")
plt.plot(years_test, predicted, color="crimson", label="predicted")
plt.axvline(years_test[0], color="black", linestyle=":", label="test period starts")
plt.xlabel("year")
plt.ylabel("activity")
plt.legend(fontsize=7)
plt.tight_layout()
plt.savefig("results/figures/forecast.png", dpi=60)
