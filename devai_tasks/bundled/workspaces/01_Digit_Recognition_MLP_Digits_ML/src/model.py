"""The classifier: a multilayer perceptron with one hidden layer."""

from sklearn.neural_network import MLPClassifier


def build_mlp(l2_penalty: float = 1e-3, hidden_units: int = 32, seed: int = 7) -> MLPClassifier:
    return MLPClassifier(
        hidden_layer_sizes=(hidden_units,),
        activation="relu",
        alpha=l2_penalty,
        learning_rate_init=0.01,
        max_iter=300,
        random_state=seed,
    )
