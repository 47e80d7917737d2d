"""Text cleaning: lower case, punctuation removal, stop words."""

KEYWORDS = ["lower", "punctuation", "stop words", "stopwords", "tokenize", "clean"]


def clean_text(text):
    """Lower-cases the text and removes punctuation and stop words."""
    # TODO: text.lower(), str.translate(punctuation), stop word list
    return text
