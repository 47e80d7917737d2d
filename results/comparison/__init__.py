"""Two runs side by side: paired differences with intervals, and the units that flipped."""
