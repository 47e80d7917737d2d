"""Every layout of images and masks gives the same objects; what is amiss is named or said."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks.image_segmentation.clicks import Mask
from benchmarks.image_segmentation.coco import read_annotations
from benchmarks.image_segmentation.image_sets import coco_image_set, open_image_sets
from benchmarks.image_segmentation.rle import encoded
from results.errors import InputError, MissingExtra

LABELS = np.zeros((6, 8), dtype=np.uint8)
LABELS[1:3, 1:4] = 2
LABELS[4:6, 5:8] = 9


def mask_of(number: int) -> Mask:
    return np.equal(LABELS, number)


def save(path: Path, pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def picture(path: Path) -> None:
    save(path, np.zeros((*LABELS.shape, 3), dtype=np.uint8))


def objects_of(root: Path) -> dict[str, dict[str, Mask]]:
    return {image.key: dict(image.masks.objects()) for image in open_image_sets(root).images}


def test_label_maps_files_run_lengths_and_coco_say_the_same(tmp_path: Path) -> None:
    maps, files, sa1b, coco = (tmp_path / name for name in ("maps", "files", "sa1b", "coco"))
    for folder in (maps, files, coco):
        picture(folder / "images" / "a.jpg")
    save(maps / "masks" / "a.png", LABELS)
    for number in (2, 9):
        save(files / "masks" / "a" / f"{number}.png", mask_of(number).astype(np.uint8) * 255)
    entries = [
        {"id": n, "image_id": 1, "category_id": 1, "area": 6, "segmentation": encoded(mask_of(n))}
        for n in (2, 9)
    ]
    picture(sa1b / "a.jpg")
    (sa1b / "a.json").write_text(json.dumps({"image": {}, "annotations": entries}))
    document = {
        "images": [{"id": 1, "file_name": "a.jpg", "height": 6, "width": 8}],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [*entries, {**entries[0], "id": 3, "iscrowd": 1}],
    }
    (coco / "annotations.json").write_text(json.dumps(document))
    found = objects_of(tmp_path)
    assert list(found) == ["coco/1", "files/a", "maps/a", "sa1b/a"]
    for key, objects in found.items():
        assert list(objects) == ["2", "9"], key
        for name, mask in objects.items():
            assert np.array_equal(mask, int(name) == LABELS), key
    # One set alone is opened by its own folder, too.
    assert list(objects_of(maps)) == ["maps/a"]


def test_frames_of_videos_are_images(tmp_path: Path) -> None:
    davis, sav = tmp_path / "davis", tmp_path / "sav"
    for frame in ("00000", "00010"):
        picture(davis / "JPEGImages" / "480p" / "bear" / f"{frame}.jpg")
        save(davis / "Annotations" / "480p" / "bear" / f"{frame}.png", LABELS)
    for frame in ("00000", "00001", "00004"):
        picture(sav / "JPEGImages_24fps" / "v1" / f"{frame}.jpg")
    for frame in ("00000", "00004"):
        for number in (2, 9):
            path = sav / "Annotations_6fps" / "v1" / f"{number:03d}" / f"{frame}.png"
            save(path, mask_of(number).astype(np.uint8))
    found = objects_of(tmp_path)
    assert {key: list(objects) for key, objects in found.items()} == {
        "davis/bear/00000": ["2", "9"],
        "davis/bear/00010": ["2", "9"],
        "sav/v1/00000": ["002", "009"],
        "sav/v1/00004": ["002", "009"],
    }


def test_void_is_no_object_beside_others_and_the_object_when_alone(tmp_path: Path) -> None:
    for name in ("both", "alone", "wide"):
        picture(tmp_path / "images" / f"{name}.png")
    void = np.where(LABELS == 9, 255, LABELS).astype(np.uint8)
    save(tmp_path / "masks" / "both.png", void)
    save(tmp_path / "masks" / "alone.png", np.where(LABELS == 9, 255, 0).astype(np.uint8))
    save(tmp_path / "masks" / "wide.png", void.astype(np.uint16))
    found = {key.split("/")[1]: list(objects) for key, objects in objects_of(tmp_path).items()}
    assert found == {"alone": ["255"], "both": ["2"], "wide": ["2", "255"]}


def test_what_has_no_counterpart_is_left_out_and_said(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "a.jpg")
    picture(tmp_path / "images" / "bare.jpg")
    save(tmp_path / "masks" / "a.png", LABELS)
    save(tmp_path / "masks" / "gone.png", LABELS)
    sets = open_image_sets(tmp_path)
    assert [image.name for image in sets.images] == ["a"]
    assert [note.split(": ")[1] for note in sets.notes] == [
        "1 images have no masks; they are left out.",
        "1 masks have no image; they are left out.",
    ]


def test_objects_without_a_pixel_are_no_objects(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "a.jpg")
    save(tmp_path / "masks" / "a" / "0.png", np.zeros_like(LABELS))
    save(tmp_path / "masks" / "a" / "1.png", LABELS)
    ((_, objects),) = objects_of(tmp_path).items()
    assert list(objects) == ["1"]


def test_numbers_are_in_order_of_their_value(tmp_path: Path) -> None:
    for name in ("10", "9", "b"):
        picture(tmp_path / "images" / f"{name}.jpg")
        save(tmp_path / "masks" / f"{name}.png", LABELS)
    assert [image.name for image in open_image_sets(tmp_path).images] == ["9", "10", "b"]


def test_folders_of_another_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no images with masks"):
        open_image_sets(tmp_path)
    with pytest.raises(InputError, match="no folder"):
        open_image_sets(tmp_path / "gone")
    (tmp_path / "set" / "masks").mkdir(parents=True)
    with pytest.raises(InputError, match="no images/ beside it"):
        open_image_sets(tmp_path)


def test_two_claims_to_one_name_are_refused(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "a.jpg")
    save(tmp_path / "masks" / "a.png", LABELS)
    (tmp_path / "masks" / "a").mkdir()
    with pytest.raises(InputError, match="both claim"):
        open_image_sets(tmp_path)
    (tmp_path / "masks" / "a").rmdir()
    picture(tmp_path / "images" / "a.png")
    with pytest.raises(InputError, match="one image by their names"):
        open_image_sets(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read"),
        ("[]", "no list of annotations"),
        ('{"annotations": [{"segmentation": {}}]}', "has no id"),
        (
            '{"annotations": [{"id": 1, "segmentation": {"size": [6, 8], "counts": "?"}}]}',
            "no mask",
        ),
        ('{"annotations": [7]}', "has no id"),
    ],
)
def test_broken_run_lengths_are_named(text: str, words: str, tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=words):
        objects_of(tmp_path)


def test_broken_maps_are_named(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "a.jpg")
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "a.png").write_bytes(b"not a picture")
    with pytest.raises(InputError, match=r"a\.png is no mask: it is no PNG file"):
        objects_of(tmp_path)


def test_polygons_that_cannot_be_drawn_are_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture(tmp_path / "images" / "a.jpg")
    document = {
        "images": [{"id": 1, "file_name": "a.jpg", "height": 6, "width": 8}],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [
            {
                "id": 1,
                "image_id": 1,
                "category_id": 1,
                "area": 6,
                "segmentation": [[1, 1, 5, 1, 5, 4, 1, 4]],
            }
        ],
    }
    (tmp_path / "annotations.json").write_text(json.dumps(document))
    ((_, objects),) = objects_of(tmp_path).items()
    assert objects["1"].sum() == 12
    # As where the extra is not installed.
    monkeypatch.setitem(sys.modules, "faster_coco_eval", None)
    with pytest.raises(MissingExtra, match=r"agent-judge\[segmentation\]"):
        open_image_sets(tmp_path)


def test_a_coco_set_without_any_of_its_images_is_refused(tmp_path: Path) -> None:
    document = {
        "images": [{"id": i, "file_name": f"{i}.jpg", "height": 6, "width": 8} for i in (1, 2, 3)],
        "categories": [{"id": 1, "name": "thing"}],
        "annotations": [
            {
                "id": i,
                "image_id": i,
                "category_id": 1,
                "area": 6,
                "segmentation": encoded(LABELS > 0),
            }
            for i in (1, 2)
        ],
    }
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps(document))
    annotations = read_annotations(path)
    with pytest.raises(InputError, match="none of the images"):
        coco_image_set("coco", annotations, tmp_path)
    picture(tmp_path / "1.jpg")
    sets = coco_image_set("coco", annotations, tmp_path)
    # The third has no object; the second's absence shows when its turn comes.
    assert [image.key for image in sets.images] == ["coco/1", "coco/2"]
    assert sets.notes == (f"1 of 2 images are not in {tmp_path}.",)
