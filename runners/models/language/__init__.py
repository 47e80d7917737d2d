"""Causal language models under one protocol: generated text and log-likelihoods, in any form."""
