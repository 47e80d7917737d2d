"""Code bases with the public interface of SAM 2's, and a network of a few numbers within.

Signatures, the keys of the inference state, and the order of calls follow
sam2/sam2_video_predictor.py and sam2/sam2_image_predictor.py: `first.yaml` as at their first
release, where objects are tracked together and none may come later, `later.yaml` as they are now.
"""
