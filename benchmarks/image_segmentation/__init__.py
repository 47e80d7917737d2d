"""Segmentation of images from clicks and boxes: prompts, data layouts, mIoU, instance AP."""
