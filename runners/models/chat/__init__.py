"""The one chat client: retries, usage, price and a reply cache."""
