"""Reads PyTorch's .pt files without PyTorch and without trusting them.

A .pt file is a zip archive: `<name>/data.pkl`, a pickle that describes the tensors, and
`<name>/data/<key>`, the raw storages. The pickle is interpreted by an unpickler that can build
dictionaries, lists, plain values and `StoredTensor`s and knows no other callable: any further
global is an error that names it. A tensor is read when its value is asked for, so a checkpoint
larger than memory can be walked through.
"""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path
from typing import Any, ClassVar

from cosyvoice_lite.convert.storage import STORAGES, Storage, StorageType, StoredTensor, extent
from cosyvoice_lite.errors import CheckpointError

MAX_PICKLE_BYTES = 4 << 20
"""The description of the 300M model's largest file takes 200 KB."""
COUNTERS = ("epoch", "step")
MAX_MEMBERS = 100_000
MAX_DIMENSIONS = 8
MAX_NAME = 200
"""Characters of a name that an error repeats."""
MAX_REPEATED = 1 << 24
"""Elements that a tensor may have beyond its storage: strides of zero repeat a few without end."""
OLD_MAGIC = 0x1950A86A20F9469CFC6C.to_bytes(10, "little")
"""In the first bytes of what PyTorch wrote before version 1.6."""
LOCAL_HEADER = struct.Struct("<4s22xHH")


def read_checkpoint(path: Path) -> Any:
    """The object that `torch.save` wrote to `path`, tensors as `StoredTensor`.

    Raises:
        CheckpointError: not a .pt archive, truncated, or asking for anything beyond tensors in
            dictionaries and lists.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _Archive(path, archive).load()
    except CheckpointError:
        raise
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such file") from None
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror or error}") from None
    except zipfile.BadZipFile:
        raise CheckpointError(f"{path}: {_no_archive(path)}") from None
    # The pickle machine raises nearly anything on nonsense; all of it means the same to a user.
    except Exception as error:
        raise CheckpointError(
            f"{path}: damaged or hostile: {type(error).__name__}: {error}"
        ) from None


def _no_archive(path: Path) -> str:
    """What to do about a file that can't be opened as an archive."""
    with path.open("rb") as file:
        if OLD_MAGIC in file.read(4 * len(OLD_MAGIC)):
            return "is of before PyTorch 1.6: load it with PyTorch and save it again"
    return "not a PyTorch archive, or truncated: download it again"


def read_state_dict(path: Path) -> dict[str, StoredTensor]:
    """The tensors of a module by name, without the counters that training leaves beside them."""
    tensors = read_checkpoint(path)
    if not isinstance(tensors, Mapping):
        raise CheckpointError(f"{path}: holds a {type(tensors).__name__}, not a state dict")
    tensors = {k: v for k, v in tensors.items() if k not in COUNTERS or type(v) is not int}
    for name, tensor in tensors.items():
        if not isinstance(tensor, StoredTensor):
            raise CheckpointError(f"{path}: {str(name)[:MAX_NAME]!r} is not a named tensor")
    return dict(tensors)


class _Archive:
    """One open .pt file: its members, checked, and its storages, mapped on demand."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path = path
        self.archive = archive
        self.file_size = path.stat().st_size
        self.members = {info.filename: info for info in archive.infolist()}
        # torch.serialization.set_crc32_options(False) leaves all of them zero.
        self.has_checksums = any(info.CRC for info in self.members.values())
        if len(self.members) != len(archive.infolist()) or len(self.members) > MAX_MEMBERS:
            raise self.error("has duplicate or too many members")
        pickles = [name for name in self.members if name.split("/", 1)[-1] == "data.pkl"]
        if len(pickles) != 1:
            raise self.error("has no data.pkl: not written by torch.save")
        self.pickle_name = pickles[0]
        self.prefix = self.pickle_name[: -len("data.pkl")]

    def error(self, message: str) -> CheckpointError:
        return CheckpointError(f"{self.path}: {message}")

    def load(self) -> Any:
        order = self.members.get(self.prefix + "byteorder")
        if order is not None and self.content(order, len("little") + 1) != b"little":
            raise self.error("is not little-endian")
        description = self.members[self.pickle_name]
        if description.file_size > MAX_PICKLE_BYTES:
            raise self.error("has an oversized data.pkl")
        return _Unpickler(io.BytesIO(self.content(description, MAX_PICKLE_BYTES)), self).load()

    def content(self, info: zipfile.ZipInfo, most: int) -> bytes:
        """A member, or its first `most` bytes; zipfile would refuse one without a checksum."""
        if self.has_checksums:
            with self.archive.open(info) as stream:
                return stream.read(most)
        with self.path.open("rb") as file:
            file.seek(self.data_offset(info))
            return file.read(min(most, info.file_size))

    def storage(self, key: str, type_name: str) -> Storage:
        """The storage `key`, its place checked against the file."""
        info = self.members.get(f"{self.prefix}data/{key}")
        if info is None:
            raise self.error(f"lacks the storage {key!r}")
        n_elements = info.file_size // STORAGES[type_name].itemsize
        crc = info.CRC if self.has_checksums else None
        return Storage(self.path, self.data_offset(info), n_elements, type_name, crc)

    def data_offset(self, info: zipfile.ZipInfo) -> int:
        """Where the bytes of a stored member begin."""
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise self.error(f"member {info.filename!r} is compressed, which torch.save never does")
        with self.path.open("rb") as file:
            file.seek(info.header_offset)
            magic, n_name, n_extra = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
        offset = info.header_offset + LOCAL_HEADER.size + n_name + n_extra
        if magic != b"PK\x03\x04" or offset + info.file_size > self.file_size:
            raise self.error(f"member {info.filename!r} is truncated")
        return int(offset)


OPCODES = (
    *(pickle.PROTO, pickle.FRAME, pickle.STOP, pickle.MARK, pickle.MEMOIZE),
    *(pickle.BINPUT, pickle.LONG_BINPUT, pickle.BINGET, pickle.LONG_BINGET),
    *(pickle.NONE, pickle.NEWTRUE, pickle.NEWFALSE, pickle.BINFLOAT),
    *(pickle.BININT, pickle.BININT1, pickle.BININT2, pickle.LONG1),
    *(pickle.BINUNICODE, pickle.SHORT_BINUNICODE),
    *(pickle.EMPTY_TUPLE, pickle.TUPLE, pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3),
    *(pickle.EMPTY_LIST, pickle.APPEND, pickle.APPENDS),
    *(pickle.EMPTY_DICT, pickle.SETITEM, pickle.SETITEMS),
    *(pickle.GLOBAL, pickle.STACK_GLOBAL, pickle.REDUCE, pickle.BUILD, pickle.BINPERSID),
)
"""All that `torch.save` writes; pickle has as many again, which only a hostile file needs."""


class _Unpickler(pickle._Unpickler):
    """Knows the closed list of globals below; anything else is an error that names it.

    The Python implementation, because its memo is a dictionary: in the C one a single opcode of a
    hostile file allocates gigabytes.
    """

    stack: list[Any]
    pop_mark: Callable[[], list[Any]]

    def refuse_opcode(self) -> None:
        raise self.source.error("refused: its pickle uses an opcode that torch.save never does")

    dispatch: ClassVar[dict[int, Callable[..., None]]] = {
        **dict.fromkeys(range(256), refuse_opcode),
        **{code[0]: pickle._Unpickler.dispatch[code[0]] for code in OPCODES},
    }

    def __init__(self, stream: Any, archive: _Archive) -> None:
        super().__init__(stream, encoding="utf-8")
        self.source = archive

    def load_build(self) -> None:
        """Drop the state: a dict's (`_metadata`) is not needed, anything else's is an attack,
        since attributes set here would not pass the checks of `rebuild_tensor`."""
        self.stack.pop()
        if not self.stack or not isinstance(self.stack[-1], dict):
            raise self.source.error("refused: its pickle sets attributes")

    dispatch[pickle.BUILD[0]] = load_build

    def load_setitems(self) -> None:
        self._update(self.pop_mark())

    dispatch[pickle.SETITEMS[0]] = load_setitems

    def load_setitem(self) -> None:
        value = self.stack.pop()
        self._update([self.stack.pop(), value])

    dispatch[pickle.SETITEM[0]] = load_setitem

    def _update(self, items: list[Any]) -> None:
        """Keys are strings: hashing anything deeper can be made to take forever, or the stack."""
        if not isinstance(self.stack[-1], dict) or any(type(key) is not str for key in items[::2]):
            raise self.source.error("has entries without a name")
        self.stack[-1].update(zip(items[::2], items[1::2], strict=True))

    def find_class(self, module: str, name: str) -> Any:
        known: dict[tuple[str, str], Callable[..., Any]] = {
            ("collections", "OrderedDict"): _empty_dict,
            ("torch._utils", "_rebuild_tensor_v2"): self.rebuild_tensor,
            ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
        }
        if (module, name) in known:
            return known[module, name]
        if module == "torch" and name in STORAGES:
            return StorageType(name)
        asked = f"{module[:MAX_NAME]}.{name[:MAX_NAME]}"
        raise self.source.error(f"refused: its pickle asks for {asked}")

    def persistent_load(self, pid: Any) -> Any:
        kind, storage_type, key, _device, _size = pid
        if kind != "storage" or not isinstance(storage_type, StorageType) or type(key) is not str:
            raise self.source.error("refused: its pickle refers to something not a storage")
        return self.source.storage(key, storage_type.name)

    def rebuild_tensor(
        self, storage: Any, offset: Any, shape: Any, strides: Any, *_unused: Any
    ) -> StoredTensor:
        if type(shape) is not tuple or type(strides) is not tuple or len(shape) > MAX_DIMENSIONS:
            raise self.source.error("describes a tensor of impossible shape")
        sizes = (offset, *shape, *strides)
        if not isinstance(storage, Storage) or any(type(n) is not int or n < 0 for n in sizes):
            raise self.source.error("describes a tensor of impossible shape")
        if len(shape) != len(strides):
            raise self.source.error("describes a tensor of impossible shape")
        if 0 not in shape and offset + extent(shape, strides) > storage.n_elements:
            raise self.source.error("describes a tensor larger than its storage")
        if prod(max(n, 1) for n in shape) > storage.n_elements + MAX_REPEATED:
            raise self.source.error("describes a tensor larger than its storage")
        return StoredTensor(storage, offset, shape, strides)


def _empty_dict() -> dict[str, Any]:
    """OrderedDict, but never with arguments: copies of copies would fill any memory."""
    return {}


def _rebuild_parameter(tensor: StoredTensor, *_unused: Any) -> StoredTensor:
    return tensor
