# SPDX-License-Identifier: Apache-2.0
"""Writes what uproot reads from ROOT files, as digests, for the tests of ROOTIO.

    python -m venv .venv-uproot
    .venv-uproot/bin/pip install uproot==5.7.7 awkward==2.14.0 numpy==2.4.6 \
        lz4==4.4.5 zstandard==0.25.0 xxhash==4.1.0 cramjam==2.14.0
    .venv-uproot/bin/python scripts/root-reference.py ../shared/data \
        > Tests/ROOTIOTests/Fixtures/reference.txt

One line per branch, tab-separated, under a line "= FILE TREE ENTRIES" for each tree:

    name  type  values  digest of the values  digest of the counts

Types are numpy's kind and width ("f4", "b1", "S" for text). A digest is the 64-bit FNV-1a hash
(offset basis 14695981039346656037, prime 1099511628211) of little-endian words of 64 bits, in
hexadecimal: floating-point numbers by their bit pattern, integers sign-extended, of text the bytes
with a 10 behind each. Counts are the numbers of values per entry; "-" where each entry has one.
Lists within lists have digests of the counts of each level, the outermost first, with slashes
between. Members of objects, and keys ("first") and values ("second") of maps, have lines of their
own. Type "!" marks what uproot misreads or fails on; "*" a whole branch of that kind, of which the
members are not known. What ROOTIO does not read has type "?" and no digests.

The branches of an RNTuple are its fields. Their names are the stored ones, where uproot calls the
members of a pair "0" and "1".
"""

import pathlib
import sys

import awkward
import numpy
import uproot

MASK = (1 << 64) - 1


def digest(words):
    value = 14695981039346656037
    for word in words:
        value = ((value ^ (word & MASK)) * 1099511628211) & MASK
    return f"{value:016x}"


def words(values):
    if values.dtype.kind == "f":
        return values.view(f"u{values.dtype.itemsize}").tolist()
    return values.astype("i8" if values.dtype.kind != "u" else "u8").tolist()


def described(branch):
    """Returns rows of suffix, type, count, digest of values and digest of counts."""
    features = branch.member("fIOFeatures", none_if_missing=True)
    if features is not None and features.member("fIOBits") and "String" in repr(branch.interpretation):
        # uproot 5.7.7 takes the lengths of entries, which this feature writes, for positions.
        return [("", "!", 0, "-", "-")]
    if isinstance(branch.interpretation, uproot.interpretation.strings.AsStrings) and any(
        (branch.basket(i).byte_offsets[1:] == branch.basket(i).byte_offsets[:-1]).any()
        for i in range(branch.num_baskets)
    ):
        # uproot 5.7.7 loses its place after an empty C string, for which ROOT writes no byte.
        return [("", "!", 0, "-", "-")]
    content = getattr(branch.interpretation, "content", branch.interpretation)
    if getattr(content, "low", 0) != 0:
        # uproot rounds numbers that are packed into a range differently from ROOT.
        return [("", "!", 0, "-", "-")]
    if branch.typename == "TClonesArray":
        return [("", "?", 0, "-", "-")]
    try:
        array = branch.array()
    except (NotImplementedError, uproot.DeserializationError):
        # uproot 5.7.7 does not read what is written member by member, nor classes without version.
        return [("", "*", 0, "-", "-")]
    if branch.member("fStreamerType", none_if_missing=True) == 6:
        # A member that counts the elements of another is an Int_t in ROOT; uproot takes it for u4.
        array = awkward.values_astype(array, "int32")
    return members(array, "")


def members(array, name):
    if not array.fields:
        return [(name, *table(array))]
    rows = []
    for field in array.fields:
        stored = {"0": "first", "1": "second"}.get(field, field)
        rows += members(array[field], f"{name}.{stored}")
    return rows


def table(array):
    levels = []
    while array.ndim > 1 and awkward.parameters(array).get("__array__") != "string":
        if levels and array.layout.is_regular:
            # The dimensions of an array in a list, or in an entry, count as values of that.
            inner = awkward.to_numpy(array)
            levels[-1] = levels[-1] * int(numpy.prod(inner.shape[1:]))
            array = awkward.Array(inner.reshape(-1))
            break
        levels.append(awkward.num(array, axis=1).to_numpy())
        array = awkward.flatten(array, axis=1)
    counts = "/".join(digest(level.tolist()) for level in levels) or "-"
    layout = awkward.to_layout(array)
    if layout.is_list or awkward.parameters(layout).get("__array__") == "string":
        strings = awkward.to_list(array)
        data = "".join(string + "\n" for string in strings).encode()
        return "S", len(strings), digest(data), counts
    values = awkward.to_numpy(array)
    return values.dtype.str.lstrip("<>|="), len(values), digest(words(values)), counts


def path(field):
    """The stored names of a field and its parents, without those that RNTuple gives to elements."""
    names = []
    while not field.top_level:
        if not field.is_anonymous:
            names.append(field.record.field_name)
        field = field.parent
    return ".".join([field.record.field_name] + names[::-1])


def field_row(field):
    """Returns type, count, digest of values and digest of counts; None for a record."""
    columns = [c for c in field.ntuple.column_records if c.field_id == field._fid]
    if any(c.repr_idx > 0 or c.type == 0x1D for c in columns):
        # uproot 5.7.7 mixes up columns that a field has in some clusters only, and rounds quantized
        # numbers to single precision.
        return "!", 0, "-", "-"
    array = field.array()
    option = isinstance(array.layout, awkward.contents.IndexedOptionArray)
    if option:
        # An optional value is a list of one value or none.
        array = awkward.singletons(array)
    *dimensions, element = str(awkward.type(array)).split(" * ")
    if element.startswith("?") and "union" not in element:
        array = awkward.singletons(array, axis=len(dimensions) - 1)
    elif "union" in element:
        return "?", 0, "-", "-"
    if awkward.fields(array):
        return None
    leaf = field
    while leaf.fields:
        leaf = leaf.fields[0]
    types = {
        "char": "int8", "float": "float32", "double": "float64",
        "ROOT::RNTupleCardinality<std::uint32_t>": "uint32",
    }
    if leaf.typename in types:
        array = awkward.values_astype(array, types[leaf.typename])
    return table(array)


def main():
    root = pathlib.Path(sys.argv[1])
    for file_path in sorted(root.rglob("*.root")):
        if file_path.name in ("rntuple-pieces.root", "members.root"):
            # uproot 5.7.7 does not know that long envelopes and pages are stored in pieces, nor base
            # classes that are not split and lists that are written member by member.
            continue
        file = uproot.open(file_path)
        for key, name in file.classnames(cycle=False).items():
            if name not in ("TTree", "TNtuple", "ROOT::RNTuple"):
                continue
            tree = file[key]
            print("=", file_path.relative_to(root), key, tree.num_entries, sep="\t")
            if name == "ROOT::RNTuple":
                for field in tree.keys():
                    row = field_row(tree[field])
                    if row is not None:
                        print(path(tree[field]), *row, sep="\t")
                continue
            for branch in tree.keys(recursive=True):
                if tree[branch].member("fType", none_if_missing=True) == 3 and tree[branch].branches:
                    # The number of objects of a TClonesArray, whose members are branches.
                    continue
                try:
                    interpretation = tree[branch].interpretation
                except UnboundLocalError:
                    # uproot 5.7.7 fails on an array of Float16_t without a range.
                    print(branch, "!", 0, "-", "-", sep="\t")
                    continue
                if isinstance(interpretation, uproot.interpretation.grouped.AsGrouped):
                    continue
                rows = described(tree[branch])
                for suffix, *row in rows:
                    print(branch + suffix, *row, sep="\t")


main()
