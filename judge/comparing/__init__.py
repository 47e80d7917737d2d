"""What RUN means to a comparison: judgment runs, benchmark runs, judgment files, baseline files."""

from judge.comparing.loading import load_side, paired_sides

__all__ = ["load_side", "paired_sides"]
