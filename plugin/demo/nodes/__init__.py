"""The demo's nodes: from an input image to a saved output, using only Pillow."""

import hashlib
import os
import time

import comfy.utils
import folder_paths
from PIL import Image, ImageDraw, ImageOps

CATEGORY = "comfy-tenant demo"
PICTURE = "DEMO_PICTURE"


class DemoLoadImage:
    """Reads an image of the input folder."""

    CATEGORY = CATEGORY
    FUNCTION = "load"
    RETURN_TYPES = (PICTURE,)

    @classmethod
    def INPUT_TYPES(cls):
        folder = folder_paths.get_input_directory()
        files = [name for name in os.listdir(folder) if os.path.isfile(os.path.join(folder, name))]
        return {"required": {"image": (sorted(files), {"image_upload": True})}}

    @classmethod
    def VALIDATE_INPUTS(cls, image):
        return True if folder_paths.exists_annotated_filepath(image) else f"Invalid image file: {image}"

    @classmethod
    def IS_CHANGED(cls, image):
        with open(folder_paths.get_annotated_filepath(image), "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()

    def load(self, image):
        with Image.open(folder_paths.get_annotated_filepath(image)) as opened:
            return (ImageOps.exif_transpose(opened).convert("RGB"),)


class DemoInvert:
    """Inverts an image and writes a line of text on it."""

    CATEGORY = CATEGORY
    FUNCTION = "draw"
    RETURN_TYPES = (PICTURE,)

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"picture": (PICTURE,), "text": ("STRING", {"default": "hello"})}}

    def draw(self, picture, text):
        drawn = ImageOps.invert(picture)
        ImageDraw.Draw(drawn).text((8, 8), text, fill=(255, 255, 255), stroke_width=2, stroke_fill=(0, 0, 0))
        return (drawn,)


class DemoWait:
    """Waits and shows its progress."""

    CATEGORY = CATEGORY
    FUNCTION = "wait"
    RETURN_TYPES = (PICTURE,)

    @classmethod
    def INPUT_TYPES(cls):
        seconds = ("FLOAT", {"default": 2.0, "min": 0.0, "max": 60.0, "step": 0.1})
        return {"required": {"picture": (PICTURE,), "seconds": seconds}}

    def wait(self, picture, seconds):
        steps = max(1, int(seconds * 10))
        progress = comfy.utils.ProgressBar(steps)
        for step in range(steps):
            time.sleep(seconds / steps)
            progress.update_absolute(step + 1, steps, ("JPEG", picture, 128))
        return (picture,)


class DemoSaveImage:
    """Saves an image to the output folder."""

    CATEGORY = CATEGORY
    FUNCTION = "save"
    RETURN_TYPES = ()
    OUTPUT_NODE = True

    def __init__(self):
        # As ComfyUI's own SaveImage does it: the folder is taken once, when the node is made.
        self.output_dir = folder_paths.get_output_directory()

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"picture": (PICTURE,), "filename_prefix": ("STRING", {"default": "hello"})}}

    def save(self, picture, filename_prefix):
        folder, name, counter, subfolder, _ = folder_paths.get_save_image_path(
            filename_prefix, self.output_dir, picture.width, picture.height
        )
        file = f"{name}_{counter:05}_.png"
        picture.save(os.path.join(folder, file))
        return {"ui": {"images": [{"filename": file, "subfolder": subfolder, "type": "output"}]}}


NODE_CLASS_MAPPINGS = {node.__name__: node for node in (DemoLoadImage, DemoInvert, DemoWait, DemoSaveImage)}
NODE_DISPLAY_NAME_MAPPINGS = {
    "DemoLoadImage": "Load an image (demo)",
    "DemoInvert": "Invert and write (demo)",
    "DemoWait": "Wait (demo)",
    "DemoSaveImage": "Save the image (demo)",
}
