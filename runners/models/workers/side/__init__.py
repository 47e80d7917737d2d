"""What runs in a worker's environment: files of their own, started and never imported there."""
