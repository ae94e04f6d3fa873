"""Pictures of PIL, in the formats that have a place for their pixels."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Encoder = Callable[[Any, int], bytes]

PNG, JPEG, WEBP, TIFF = "image/png", "image/jpeg", "image/webp", "image/tiff"
MODES = {
    "PNG": {"1", "L", "LA", "I;16", "P", "RGB", "RGBA"},
    "JPEG": {"L", "RGB", "CMYK"},
    "WEBP": {"RGB", "RGBA"},
    "TIFF": {
        *("1", "L", "LA", "I", "I;16", "F", "P", "PA"),
        *("RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB"),
    },
}
LARGEST_16_BITS = 0xFFFF


def picture_forms(image: Any) -> dict[str, Encoder]:
    """The media types for an image, each with what writes it; the default comes first.

    Eight bits are all that JPEG and WebP have for a pixel's channel, sixteen all that PNG has: what doesn't
    fit is not squeezed into them. TIFF has every pixel, floats too.
    """
    if image.mode == "F" or (image.mode == "I" and not _has_16_bits(image)):
        return {TIFF: _written("TIFF")}
    if image.mode.startswith("I"):
        return {PNG: _written("PNG"), TIFF: _written("TIFF")}
    return dict(ALL)


def _has_16_bits(image: Any) -> bool:
    if 0 in image.size:
        return True
    least, most = image.getextrema()
    return bool(least >= 0 and most <= LARGEST_16_BITS)


def _written(kind: str) -> Encoder:
    def write(image: Any, _cap: int) -> bytes:
        from io import BytesIO

        if 0 in image.size:
            raise ValueError("it has no pixels")  # WebP's writer would run out of memory
        buffer = BytesIO()
        _fitting(image, kind).save(buffer, format=kind)
        return buffer.getvalue()

    return write


def _fitting(image: Any, kind: str) -> Any:
    """The image in a mode that the format has."""
    is_transparent = image.mode[-1] in "Aa" or "transparency" in image.info
    if kind == "JPEG" and is_transparent:
        return _on_white(image)
    if image.mode in MODES[kind] and not (kind == "WEBP" and is_transparent):
        return image
    if image.mode.startswith("I"):
        return image.convert("I").convert("I;16")
    if kind == "JPEG" and image.mode == "1":
        return image.convert("L")
    if image.mode == "La":
        image = image.convert("LA")
    return image.convert("RGBA" if is_transparent else "RGB")


def _on_white(image: Any) -> Any:
    """What shows through is white, as on paper; JPEG has no transparency."""
    if image.mode == "La":
        image = image.convert("LA")
    image = image.convert("RGBA")
    paper = image.copy()
    paper.paste((255, 255, 255, 255), (0, 0, *image.size))
    paper.alpha_composite(image)
    return paper.convert("RGB")


ALL: dict[str, Encoder] = {
    PNG: _written("PNG"),
    JPEG: _written("JPEG"),
    WEBP: _written("WEBP"),
    TIFF: _written("TIFF"),
}
