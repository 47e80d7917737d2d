"""Chooses the L2 penalty, trains the final MLP, and writes model, metrics, figure and report."""

from pathlib import Path

import joblib
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from data_loader import load_split
from model import build_mlp
from report import write_report
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from sklearn.model_selection import GridSearchCV

PENALTIES = [1e-4, 1e-2, 1e-1, 1.0]
ROOT = Path(__file__).resolve().parent.parent


def draw_confusion(matrix, path):
    fig, ax = plt.subplots(figsize=(5, 4.4))
    image = ax.imshow(matrix, cmap="Blues")
    for row in range(matrix.shape[0]):
        for column in range(matrix.shape[1]):
            count = matrix[row, column]
            if count:
                colour = "white" if count > matrix.max() / 2 else "black"
                ax.text(column, row, count, ha="center", va="center", color=colour, fontsize=7)
    ax.set_xticks(range(10))
    ax.set_yticks(range(10))
    ax.set_xlabel("predicted digit")
    ax.set_ylabel("true digit")
    ax.set_title("Confusion matrix, test set")
    fig.colorbar(image)
    fig.tight_layout()
    fig.savefig(path, dpi=60)
    plt.close(fig)


def main():
    data = load_split()
    search = GridSearchCV(build_mlp(), {"alpha": PENALTIES}, cv=3, scoring="accuracy")
    search.fit(data.x_train, data.y_train)
    for penalty, score in zip(PENALTIES, search.cv_results_["mean_test_score"]):
        print(f"alpha={penalty:g} cv accuracy={score:.4f}")
    penalty = search.best_params_["alpha"]
    print("chosen alpha:", penalty)

    model = build_mlp(l2_penalty=penalty).fit(data.x_train, data.y_train)
    joblib.dump(model, ROOT / "models" / "mlp_digits.joblib")

    predicted = model.predict(data.x_test)
    accuracy = accuracy_score(data.y_test, predicted)
    macro_f1 = f1_score(data.y_test, predicted, average="macro")
    with open(ROOT / "results" / "metrics.txt", "w") as file:
        file.write(f"Test accuracy: {accuracy:.4f}\n")
        file.write(f"Macro F1: {macro_f1:.4f}\n")
        file.write(f"Chosen L2 penalty: {penalty:g}\n")
    print(f"accuracy={accuracy:.4f} macro F1={macro_f1:.4f}")

    matrix = confusion_matrix(data.y_test, predicted)
    draw_confusion(matrix, ROOT / "results" / "figures" / "confusion_matrix.png")
    write_report(
        ROOT / "results" / "report.md",
        data=data,
        search=search,
        model=model,
        accuracy=accuracy,
        macro_f1=macro_f1,
        matrix=matrix,
    )


if __name__ == "__main__":
    main()
