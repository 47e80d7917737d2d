"""The pages of the leaderboard; each has `render(view, store, runs_dir)`."""
