"""What a GGUF file says of itself: its header is read, never its weights, and no more of it than a header may have.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Arrays, of which the vocabulary is one, are passed over.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from understudy.errors import BadInput

_MAGIC, _VERSIONS = b"GGUF", (2, 3)
# beyond these no model of today comes near, and a reader without bounds could be held for ever by eight bytes
_MOST_FIELDS, _MOST_TENSORS, _LONGEST_STRING, _LONGEST_ARRAY = 1 << 16, 1 << 16, 1 << 24, 1 << 24
_STRING, _ARRAY, _BOOL = 8, 9, 7
_NUMBERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", _BOOL: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_QUANTIZATIONS = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L",
    14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS",
    23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16",
    36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4",
}  # fmt: skip
# elements in a block and bytes of one, by the type of a tensor; of a type that is not here the size is not known
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 10: (256, 84), 11: (256, 110), 12: (256, 144),
    13: (256, 176), 14: (256, 210), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110),
    22: (256, 82), 23: (256, 136), 29: (256, 56), 30: (1, 2), 39: (32, 17),
}  # fmt: skip
_ALIGNMENT = 32
_SAFE = re.compile(r"[^A-Za-z0-9._-]+")

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of a GGUF file that are no arrays, and how large the file has to be at least for its tensors."""

    fields: Mapping[str, Value]
    n_bytes: int

    @property
    def name(self) -> str:
        """The model's name without white space, from its base name and size where it has them; `unnamed` where it has none."""
        base, size = self._text("general.basename"), self._text("general.size_label")
        name = base if base and (not size or size.lower() in base.lower()) else f"{base} {size}" if base else self._text("general.name")
        return _SAFE.sub("-", name).strip("-.") or "unnamed"

    @property
    def quantization(self) -> str:
        """The type of most weights, as `Q4_K_M`; `unknown` where the file does not say it."""
        kind = self.fields.get("general.file_type")
        return _QUANTIZATIONS.get(kind, "unknown") if isinstance(kind, int) else "unknown"

    @property
    def licence(self) -> str:
        """The licence that the file names; empty where it names none."""
        return self._text("general.license")

    @property
    def context(self) -> int | None:
        """The context that the model was trained for, in tokens; None where the file does not say it."""
        return self._count("context_length")

    @property
    def chat_template(self) -> str:
        """How messages become a prompt; empty for a base model, which was never taught to converse."""
        return self._text("tokenizer.chat_template")

    def kv_bytes_a_token(self, bytes_a_value: float) -> float | None:
        """Bytes that a token takes in the cache of keys and values; None where the file does not say enough."""
        layers, width, heads = (self._count(name) for name in ("block_count", "embedding_length", "attention.head_count"))
        if layers is None or width is None or not heads:
            return None
        kept = self._count("attention.head_count_kv") or heads
        key = self._count("attention.key_length") or width // heads
        value = self._count("attention.value_length") or width // heads
        return layers * kept * (key + value) * bytes_a_value

    def _text(self, name: str) -> str:
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else ""

    def _count(self, name: str) -> int | None:
        value = self.fields.get(f"{self._text('general.architecture')}.{name}")
        return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_header(path: Path) -> Header:
    """The header of a GGUF file. Raises BadInput for a file that is none, and for one that is cut short."""
    try:
        with path.open("rb") as file:
            header = _read(file, path)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}", hint="check the path and its permissions") from error
    n_there = path.stat().st_size
    if n_there < header.n_bytes:
        raise _cut(path, f"it has {n_there:,} bytes, and its header announces {header.n_bytes:,}")
    return header


def _read(file: BinaryIO, path: Path) -> Header:
    magic = file.read(len(_MAGIC))
    if magic != _MAGIC:
        raise BadInput(
            f"{path} is no GGUF file: it begins with {magic!r} and not with {_MAGIC!r}",
            hint="name a file of weights in the GGUF format of llama.cpp; other formats have to be converted to it first",
        )
    version = _number(file, path, "<I")
    if version not in _VERSIONS:
        raise BadInput(
            f"{path} is a GGUF file of version {version}; {' and '.join(map(str, _VERSIONS))} are read",
            hint="convert the model anew with a current version of llama.cpp",
        )
    n_tensors, n_fields = _bounded(file, path, _MOST_TENSORS, "tensors"), _bounded(file, path, _MOST_FIELDS, "fields")
    fields: dict[str, Value] = {}
    for _ in range(n_fields):
        name = _string(file, path)
        value = _value(file, path, int(_number(file, path, "<I")))
        if value is not None:
            fields[name] = value
    return Header(fields, _end(file, path, n_tensors, fields.get("general.alignment")))


def _end(file: BinaryIO, path: Path, n_tensors: int, alignment: Value | None) -> int:
    """How many bytes the file has to have at least; tensors of an unknown type count as empty."""
    ends = [0]
    for _ in range(n_tensors):
        _string(file, path)
        n_dimensions = int(_number(file, path, "<I"))
        if n_dimensions > 8:
            raise _broken(path, f"a tensor of {n_dimensions} dimensions")
        n_elements = math.prod(int(_number(file, path, "<Q")) for _ in range(n_dimensions))
        block, size = _BLOCKS.get(int(_number(file, path, "<I")), (1, 0))
        ends.append(int(_number(file, path, "<Q")) + n_elements // block * size)
    step = alignment if isinstance(alignment, int) and alignment > 0 else _ALIGNMENT
    return -(-file.tell() // step) * step + max(ends)


def _value(file: BinaryIO, path: Path, kind: int) -> Value | None:
    """The value of a field; None for an array, which is passed over."""
    if kind == _STRING:
        return _string(file, path)
    if kind in _NUMBERS:
        return _number(file, path, _NUMBERS[kind])
    if kind != _ARRAY:
        raise _broken(path, f"a field of the unknown type {kind}")
    of = int(_number(file, path, "<I"))
    length = _bounded(file, path, _LONGEST_ARRAY, "elements of an array")
    if of in _NUMBERS:
        _skip(file, length * struct.calcsize(_NUMBERS[of]))
    elif of == _STRING:
        for _ in range(length):
            _skip(file, _bounded(file, path, _LONGEST_STRING, "bytes of a text"))
    else:
        raise _broken(path, f"an array of the type {of}")
    return None


def _string(file: BinaryIO, path: Path) -> str:
    return _bytes(file, path, _bounded(file, path, _LONGEST_STRING, "bytes of a text")).decode("utf-8", "replace")


def _number(file: BinaryIO, path: Path, form: str) -> int | float | bool:
    value: int | float | bool = struct.unpack(form, _bytes(file, path, struct.calcsize(form)))[0]
    return value


def _bounded(file: BinaryIO, path: Path, most: int, what: str) -> int:
    number = int(_number(file, path, "<Q"))
    if number > most:
        raise _broken(path, f"{number:,} {what}, where at most {most:,} are read")
    return number


def _bytes(file: BinaryIO, path: Path, n: int) -> bytes:
    read = file.read(n)
    if len(read) < n:
        raise _cut(path, "it ends within its header")
    return read


def _skip(file: BinaryIO, n: int) -> None:
    # seeking beyond the end raises nothing: what is read next does, or the size that is compared last
    file.seek(n, 1)


def _cut(path: Path, seen: str) -> BadInput:
    return BadInput(f"{path} is cut short: {seen}", hint="get the file again, and compare its SHA-256 with that of its publisher")


def _broken(path: Path, seen: str) -> BadInput:
    return BadInput(f"{path} has a GGUF header that cannot be right: {seen}", hint="get the file again, or name another one")
