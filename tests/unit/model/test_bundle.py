"""Bundles: deterministic, identified by what they are, and read with suspicion."""

from __future__ import annotations

import io
import tarfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.model.bundle import Bundle, digest_of, pack_files
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import MalformedRequest
from jupyter_faas.model.manifest import Manifest, Origin, Segment

HANDLER = b"def f():\n    return 1\n"


def manifest_of(**fields: Any) -> Manifest:
    return Manifest(name="f", entry="f", python="3.11", input_schema={"type": "object"}, **fields)


FILES = st.dictionaries(
    st.from_regex(r"\A[a-z]{1,8}(/[a-z]{1,8})?\.py\Z"), st.binary(max_size=200), max_size=5
)


@given(FILES)
def test_a_bundle_comes_back_as_it_was_packed(files: dict[str, bytes]) -> None:
    bundle = Bundle(manifest_of(), {**files, "handler.py": HANDLER})
    again = Bundle.unpack(bundle.pack())
    assert again.manifest == bundle.manifest
    assert dict(again.files) == dict(bundle.files)
    assert again.pack() == bundle.pack()
    assert bundle.packed_bytes == len(bundle.pack())
    assert again.identity == bundle.identity


@given(FILES, st.randoms())
def test_the_order_of_files_does_not_matter(files: dict[str, bytes], random: Any) -> None:
    shuffled = list(files.items())
    random.shuffle(shuffled)
    assert pack_files(files) == pack_files(dict(shuffled))


def test_the_identity_is_that_of_the_content_not_of_its_origin() -> None:
    segment = Segment(line=1, count=2, cell="In[3]", cell_line=2)
    one = Bundle(manifest_of(origin=Origin(notebook="a.ipynb"), segments=(segment,)), {"handler.py": HANDLER})
    moved = segment.model_copy(update={"cell": "In[8]"})
    two = Bundle(manifest_of(origin=Origin(author="me"), segments=(moved,)), {"handler.py": HANDLER})
    assert one.identity == two.identity
    assert one.pack() != two.pack()
    for other in (
        Bundle(manifest_of(caps=Caps(timeout_seconds=1)), {"handler.py": HANDLER}),
        Bundle(manifest_of(segments=(segment,)), {"handler.py": HANDLER + b"#"}),
        Bundle(manifest_of(requirements=("six==1.16.0",)), {"handler.py": HANDLER}),
    ):
        assert other.identity != one.identity


def archive_of(*members: tuple[str, bytes, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            member.type = kind
            member.size = len(content)
            member.linkname = "/etc/passwd"
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a tar",
        archive_of(("handler.py", tarfile.REGTYPE, HANDLER)),
        archive_of(("function.json", tarfile.REGTYPE, b"{}")),
        archive_of(("function.json", tarfile.REGTYPE, b"{}"), ("handler.py", tarfile.REGTYPE, HANDLER)),
        archive_of(("../handler.py", tarfile.REGTYPE, HANDLER)),
        archive_of(("/handler.py", tarfile.REGTYPE, HANDLER)),
        archive_of(("handler.py", tarfile.SYMTYPE, b"")),
        archive_of(("handler.py", tarfile.LNKTYPE, b"")),
        archive_of(("dev", tarfile.CHRTYPE, b"")),
        archive_of(("folder", tarfile.DIRTYPE, b"")),
    ],
)
def test_archives_that_are_no_bundles(content: bytes) -> None:
    with pytest.raises(MalformedRequest):
        Bundle.unpack(content)


@given(st.data())
def test_a_damaged_bundle_is_refused_or_whole(data: st.DataObject) -> None:
    packed = bytearray(Bundle(manifest_of(), {"handler.py": HANDLER}).pack())
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    try:
        Bundle.unpack(bytes(packed[: data.draw(st.integers(0, len(packed)))]))
    except MalformedRequest as error:
        assert error.detail  # noqa: PT017 - both outcomes are right


def test_digests_are_written_as_oci_writes_them() -> None:
    assert digest_of(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    "fields",
    [
        {"files": ("data.csv",)},
        {
            "values": (
                {
                    "name": "x",
                    "file": "../x",
                    "type": "int",
                    "size_bytes": 1,
                    "sha256": "0" * 64,
                    "python": "3.11",
                },
            )
        },
    ],
)
def test_files_that_the_manifest_names_must_be_there(fields: dict[str, Any]) -> None:
    packed = Bundle(manifest_of(**fields), {"handler.py": HANDLER}).pack()
    with pytest.raises(MalformedRequest, match="which it hasn't"):
        Bundle.unpack(packed)
