"""An ONNX file of a model package: its own bytes, and nothing that it names elsewhere.

ONNX lets a tensor lie in another file ("external data"). Releases of ONNX Runtime before 1.24
follow such a name to any file that the user may read, and an address tag in it to any memory: so
the file is searched for one before a session sees it. Only the few fields of ONNX's protobuf that
can hold a tensor are followed (onnx.proto of ONNX 1.20); the field numbers never change.
"""

from pathlib import Path
from typing import Dict, Iterator, Set, Tuple, Union

from ..errors import PackageError
from .entries import ModelFile
from .verified_file import read_verified

_REMEDY = "get the model package again, or export it again with training/export.py"
# Protobuf's own limit of nesting.
MAX_DEPTH = 100
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
# Of each message that can hold a tensor: its fields that can, and what those are.
_INSIDE: Dict[str, Dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
# TensorProto: where the data is to be found, and that it is not in the file.
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14


# Operators whose results are the same bits however many threads share the work: ONNX Runtime moves
# their elements, makes each by operations that round as IEEE 754 says, or by one kernel for all
# (tests/runtime/test_threads.py). Logarithms and sums over axes, for two, are not.
_SPLIT_ALIKE = frozenset(
    b"Abs Add AveragePool Cast Clip Concat Constant ConstantOfShape Conv DepthToSpace Div Erf Exp"
    b" Expand Gather Identity LeakyRelu Max Min Mul Neg Pad Relu Reshape Resize Shape Sigmoid Slice"
    b" SpaceToDepth Split Sqrt Squeeze Sub Tanh Transpose Unsqueeze Where".split()
)
_SIZES_TO_VALUES = {b"Shape", b"Size"}
_OP_TYPE = 4


class _Malformed(ValueError):
    """These bytes are not a protobuf message."""


def read_graph(folder: Path, entry: ModelFile) -> bytes:
    """Read an ONNX file of a package.

    Returns: its content.
    Raises: PackageError where it is not the manifest's file, or names data outside of itself.
    """
    content = read_verified(folder, entry)
    refuse_external_data(content, entry.file)
    return content


def refuse_external_data(content: bytes, name: str) -> None:
    """Check that an ONNX file names no data outside of itself; ``name`` is for the message.

    Raises: PackageError where it does, or is not an ONNX file.
    """
    try:
        external = _names_external_data(memoryview(content), "model", 0)
    except _Malformed as error:
        raise PackageError(f"{name} is not a usable ONNX graph ({error})", _REMEDY) from error
    if external:
        raise PackageError(
            f"{name} names external data: a model package holds its weights in its own files",
            "export the model with its weights inside (external_data=False)",
        )


def works_alike_on_all_threads(content: bytes) -> bool:
    """Find out whether the results of a graph cannot depend on the number of threads.

    Returns: True where all of its operators are known to give the same bits.
    """
    return _operators(memoryview(content), "model") <= _SPLIT_ALIKE


def works_out_sizes(content: bytes) -> bool:
    """Find out whether a graph computes with the sizes of its arrays.

    ONNX Runtime leaves such work to the processor, on any device, unless the sizes are known when
    the session is opened.

    Returns: True where one of its operators makes a number of a size.
    """
    return bool(_operators(memoryview(content), "model") & _SIZES_TO_VALUES)


def _operators(message: memoryview, kind: str) -> Set[bytes]:
    found: Set[bytes] = set()
    for number, value in _fields(message):
        if kind == "node" and number == _OP_TYPE:
            found.add(bytes(value))
        elif number in _INSIDE[kind] and not isinstance(value, int):
            found |= _operators(value, _INSIDE[kind][number])
    return found


def _names_external_data(message: memoryview, kind: str, depth: int) -> bool:
    if depth > MAX_DEPTH:
        raise _Malformed(f"its graphs are nested more than {MAX_DEPTH} deep")
    inside = _INSIDE[kind]
    for number, value in _fields(message):
        if kind == "tensor" and number in (_EXTERNAL_DATA, _DATA_LOCATION) and value != 0:
            return True
        if number in inside:
            if isinstance(value, int):
                raise _Malformed("a field has another type than ONNX's")
            if _names_external_data(value, inside[number], depth + 1):
                return True
    return False


def _fields(message: memoryview) -> Iterator[Tuple[int, Union[int, memoryview]]]:
    """Yield (number, value) of each field: a memoryview where it has a length, else an int."""
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        if key >> 32:  # readers in C++ drop what is above, and would see another field
            raise _Malformed("it is not a protobuf message")
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        length, at = _varint(message, at) if wire == _BYTES else (_fixed_length(wire), at)
        if not number or at + length > end:
            raise _Malformed("the file is cut short")
        yield number, message[at : at + length] if wire == _BYTES else 0
        at += length


def _fixed_length(wire: int) -> int:
    if wire not in (_FIXED64, _FIXED32):
        raise _Malformed("it is not a protobuf message")
    return 8 if wire == _FIXED64 else 4


def _varint(message: memoryview, at: int) -> Tuple[int, int]:
    """A number of up to ten bytes, seven bits each, and where the next thing begins."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise _Malformed("the file is cut short")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise _Malformed("it is not a protobuf message")
