"""Takes models that segment images through prompts: clicks, boxes, a detector's boxes."""
