"""A requirement's sentence is taken apart into places, things named, acts and contents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.judges.checks.asking import Act, read_requirement
from judge.judges.checks.places import take_apart
from judge.judges.checks.vocabulary import matches_call


def _names(criteria: str) -> list[str]:
    return [demand.name for demand in read_requirement(criteria).demands]


@pytest.mark.parametrize(
    ("criteria", "sources", "artifacts", "folders", "inputs"),
    [
        (
            'The "Iris" dataset is loaded in `src/data_loader.py`.',
            ["src/data_loader.py"],
            [],
            [],
            [],
        ),
        (
            "The trained model is saved under the file name `net.pt` in `models/saved_models/`.",
            [],
            ["models/saved_models/net.pt"],
            [],
            [],
        ),
        (
            "The model is trained in `src/train.py` and saved as `models/filter.pkl`.",
            ["src/train.py"],
            ["models/filter.pkl"],
            [],
            [],
        ),
        (
            "The messages in `data/messages.csv` are loaded in `src/data_loader.py`.",
            ["src/data_loader.py"],
            [],
            [],
            ["data/messages.csv"],
        ),
        (
            "Prompts are read from a text file named `data/prompt.txt` and fed into the model.",
            [],
            [],
            [],
            ["data/prompt.txt"],
        ),
        (
            "Segmented images are saved to the folder `results/figures/`.",
            [],
            [],
            ["results/figures"],
            [],
        ),
        ("Save the model in models/saved_models/.", [], [], ["models/saved_models"], []),
        ("The plot is saved in 'results/a.png'.", [], ["results/a.png"], [], []),
        (
            'A graph is made with "D3.js" in `results/`, using the `messages` array.',
            [],
            [],
            ["results"],
            [],
        ),
    ],
)
def test_places_are_told_by_their_role(
    criteria: str,
    sources: list[str],
    artifacts: list[str],
    folders: list[str],
    inputs: list[str],
) -> None:
    places = take_apart(criteria).places
    assert list(places.sources) == sources
    assert list(places.artifacts) == artifacts
    assert list(places.folders) == folders
    assert list(places.inputs) == inputs


def test_a_link_is_no_place_and_a_repository_is_one_of_its_own() -> None:
    link = take_apart("It is taken from [this link](https://example.org/a/b.csv) in `src/a.py`.")
    assert link.places.sources == ("src/a.py",)
    assert link.places.artifacts == ()
    repository = take_apart("The repository at `https://github.com/artidoro/qlora` is downloaded.")
    assert repository.places.repositories == ("qlora",)


def test_each_thing_of_a_list_is_asked_for() -> None:
    text = "Text is cleaned, including removing stop words, punctuation, and special characters."
    assert _names(text) == [
        "stop-word removal",
        "punctuation removal",
        "special-character removal",
    ]


def test_alternatives_are_one_demand() -> None:
    assert _names('A dashboard is created using "Dash" or "Bokeh".') == ["Dash or Bokeh"]
    assert _names('Embeddings, either "Word2Vec" or "GloVe", are used.') == ["Word2Vec or GloVe"]


def test_illustrations_are_other_ways_to_meet_a_general_step_and_not_asked_for() -> None:
    text = "Data augmentation, such as rotation and scaling, is performed in `src/a.py`."
    (demand,) = read_requirement(text).demands
    assert [concept.name for concept in demand.concepts][:2] == ["data augmentation", "rotation"]


def test_what_is_ruled_out_is_not_asked_for() -> None:
    assert _names('The "DCGAN" model, not a standard GAN, is implemented.') == ["DCGAN"]


def test_a_purpose_is_not_asked_for() -> None:
    text = 'An "LSTM" model is used for financial time series prediction in `src/model.py`.'
    assert _names(text) == ["LSTM"]


def test_words_that_a_context_changes_are_read_by_it() -> None:
    assert "image scaling" in _names("Data augmentation, including scaling, is performed.")
    assert "feature scaling" in _names("Feature scaling is performed in `src/a.py`.")


def test_a_name_that_the_vocabulary_does_not_know_is_kept() -> None:
    assert _names('The "Quokka Sightings" dataset is used.') == ["“Quokka Sightings”"]


def test_the_parts_of_a_report_are_listed() -> None:
    ask = read_requirement(
        "A detailed report containing data preprocessing, model training, and evaluation process"
        " is created and saved as `results/report.pdf`."
    )
    assert ask.contents == ("data preprocessing", "model training", "evaluation process")
    assert ask.wants_report
    assert ask.demands == ()


@pytest.mark.parametrize(
    ("criteria", "act"),
    [
        ("The classifier is implemented in `src/model.py`.", Act.DEFINE),
        ('The pre-trained "ResNet-50" model is imported in `src/model.py`.', Act.DEFINE),
        ("The classifier is implemented and trained in `src/model.py`.", Act.DO),
        ("The data are split in `src/data_loader.py`.", Act.DO),
        ("Feature selection is performed in `src/data_loader.py`.", Act.DO),
    ],
)
def test_defining_is_told_from_doing(criteria: str, act: Act) -> None:
    assert read_requirement(criteria).act is act


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("sklearn.svm.*", "sklearn.svm.SVC.fit", True),
        ("sklearn.svm.*", "sklearn.svmx.SVC", False),
        ("SVC", "svm.SVC", True),
        ("SVC", "svm.LinearSVC", False),
        (".fillna", "df.fillna", True),
        (".fillna", "fillna", False),
        ("gym.make", "gym.make", True),
        ("gym.make", "gym.maker", False),
        ("transformers.Bert*", "transformers.BertModel.from_pretrained", True),
    ],
)
def test_call_names_fit_patterns(pattern: str, name: str, fits: bool) -> None:
    assert matches_call(pattern, name) is fits


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    ask = read_requirement(text)
    assert ask.criteria == text


@given(
    st.lists(
        st.sampled_from(
            [
                '"',
                "`",
                "'",
                "src/a.py",
                "results/",
                "(",
                ")",
                "[x](http://y)",
                "or",
                "saved",
                " ",
                ".",
            ]
        ),
        max_size=30,
    )
)
def test_marks_that_do_not_close_do_no_harm(parts: list[str]) -> None:
    places = read_requirement("".join(parts)).places
    named = (*places.sources, *places.artifacts, *places.folders, *places.inputs)
    assert all(".." not in path.split("/") and not path.startswith("/") for path in named)
