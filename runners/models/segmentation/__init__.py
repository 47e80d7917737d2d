"""Models that segment images and videos from clicks, boxes and masks."""
