# SPDX-License-Identifier: Apache-2.0
"""Random C++ types for scripts/root-random.py: classes, containers, and lists of branches of them."""

INTEGERS = ["char", "unsigned char", "short", "unsigned short", "int", "unsigned int", "long",
            "unsigned long", "Long64_t", "ULong64_t"]
NUMBERS = ["bool", "float", "double", "float", "double", "int"] + INTEGERS
VECTORS = ["TLorentzVector", "TVector3", "ROOT::Math::PtEtaPhiMVector", "ROOT::Math::XYZTVector"]
# Those of which ROOT has dictionaries.
RVECS = ["float", "double", "int", "bool", "char", "unsigned int"]
RANGES = [("0", "1", 8), ("-10", "100", 16), ("-2", "3.5", 20), ("0", "1000", 32)]


class Types:
    """Makes the types of a seed; `tree` and `ntuple` are those that a TTree and an RNTuple take."""

    def __init__(self, random):
        self.random = random
        self.classes = []
        self.declarations = []
        self.links = set()
        self.tree = []
        self.ntuple = []
        for index in range(10):
            self.declare(index, isPortable=index % 2 == 0)
        for _ in range(60):
            self.tree.append(self.branch_type(self.classes))
        portable = [one for one in self.classes if one["portable"]]
        for _ in range(50):
            self.ntuple.append(self.field_type(portable, 0))

    def number(self):
        return self.random.choice(NUMBERS)

    def key(self):
        """What is ordered in one way: NaN is not."""
        return self.random.choice(["int", "unsigned int", "long", "short", "std::string"])

    def link(self, name):
        self.links.add(name)
        return name

    def simple_list(self, element, isPortable):
        others = ["set", "unordered_set"] if isPortable else ["list", "deque", "set", "multiset", "unordered_set"]
        container = self.random.choice(["vector"] * 6 + others)
        if container in ("set", "multiset", "unordered_set"):
            element = self.key()
        return self.link(f"std::{container}<{element}>")

    def nested(self, depth, isPortable=False):
        """A list of numbers or texts, or of such lists."""
        if depth == 0 or self.random.random() < 0.4:
            return self.simple_list(self.random.choice([self.number(), "std::string"]), isPortable)
        return self.link(f"std::vector<{self.nested(depth - 1, isPortable)}>")

    def map(self, value, isPortable=False):
        container = self.random.choice(["map", "map", "unordered_map"] + ([] if isPortable else ["multimap"]))
        return self.link(f"std::{container}<{self.key()},{value}>")

    def branch_type(self, classes):
        choice = self.random.random()
        one = self.random.choice(classes)["name"]
        if choice < 0.12:
            return self.random.choice(["std::string", "TString"])
        if choice < 0.15:
            return f"ROOT::RVec<{self.random.choice(RVECS)}>"
        if choice < 0.30:
            return self.nested(2)
        if choice < 0.45:
            return one
        if choice < 0.60:
            return self.link(f"std::{self.random.choice(['vector', 'vector', 'list', 'deque'])}<{one}>")
        if choice < 0.72:
            return self.map(self.random.choice([self.number(), "std::string", "std::vector<float>", one]))
        if choice < 0.82:
            return self.random.choice(VECTORS)
        if choice < 0.92:
            return self.link(f"std::vector<{self.random.choice(VECTORS)}>")
        if choice < 0.94:
            return self.link(f"std::pair<{self.key()},{self.number()}>")
        if choice < 0.96:
            return self.link(f"std::vector<std::vector<{one}>>")
        if choice < 0.98:
            return self.link(f"std::map<{self.key()},std::vector<{one}>>")
        return self.link(f"std::vector<std::pair<{self.key()},{self.number()}>>")

    def field_type(self, classes, depth):
        choice = self.random.random()
        if depth > 2 or choice < 0.3:
            return self.random.choice([self.number(), "std::string"])
        inner = self.field_type(classes, depth + 1)
        if choice < 0.4:
            return self.random.choice(classes)["name"]
        if choice < 0.65:
            return f"std::vector<{inner}>"
        if choice < 0.70:
            return f"std::array<{self.random.choice(NUMBERS)},{self.random.randint(1, 4)}>"
        if choice < 0.75:
            return f"std::optional<{inner}>"
        if choice < 0.80:
            return f"std::bitset<{self.random.choice([1, 7, 8, 33, 64])}>"
        if choice < 0.85:
            return self.link(f"std::set<{self.key()}>")
        if choice < 0.90:
            return self.link(f"std::map<{self.key()},{inner}>")
        if choice < 0.95:
            return self.link(f"std::pair<{self.key()},{inner}>")
        return f"ROOT::RVec<{self.number()}>"

    def declare(self, index, isPortable):
        """Declares a class; a portable one suits an RNTuple too."""
        random = self.random
        name = f"Class{index}"
        earlier = [one for one in self.classes if one["portable"] or not isPortable]
        base = random.choice(earlier)["name"] if earlier and random.random() < 0.3 else None
        isObject = not isPortable and base is None and random.random() < 0.3
        members, leaves, makes, records = [], [], [], []
        for number in range(1 + random.randrange(6)):
            member = f"m{index}_{number}"
            choice = random.random()
            title = ""
            if choice < 0.35:
                kind = self.number()
            elif choice < 0.45:
                kind = f"std::array<{random.choice(NUMBERS)},{random.randint(1, 4)}>"
            elif choice < 0.50 and not isPortable:
                low, high, bits = random.choice(RANGES)
                real = random.choice(["Double32_t", "Float16_t"])
                plain = "double" if real == "Double32_t" else "float"
                members.append(f"  {real} {member} = 0; //[{low},{high},{bits}]")
                leaves.append(f'    found.push_back({{joined(path, "{member}"), typeName<{plain}>(), 0, 1}});')
                makes.append(f"    value.{member} = {plain}({low} + random.uniform() * ({high} - ({low})));")
                records.append(f'    columns[joined(path, "{member}")].value(word({plain}(packed(value.{member}, '
                               f"{low}, {high}, {bits}))));")
                continue
            elif choice < 0.55:
                kind = "std::string" if isPortable or random.random() < 0.5 else "TString"
            elif choice < 0.75:
                kind = self.nested(1, isPortable)
            elif choice < 0.80 and earlier:
                kind = random.choice(earlier)["name"]
            elif choice < 0.85 and earlier:
                kind = self.link(f"std::vector<{random.choice(earlier)['name']}>")
            elif choice < 0.90:
                kind = self.map(random.choice([self.number(), "std::vector<float>", "std::string"]), isPortable)
            elif choice < 0.93:
                kind = random.choice(["Color", "Level"])
            elif choice < 0.95:
                kind = f"std::bitset<{random.choice([5, 16, 60])}>"
            elif not isPortable:
                kind = random.choice(VECTORS + [self.link("std::vector<TLorentzVector>")])
            else:
                kind = "float"
            members.append(f"  {kind} {member}{{}};{title}")
            leaves.append(f'    Values<{kind}>::leaves(joined(path, "{member}"), found);')
            makes.append(f"    value.{member} = Values<{kind}>::make(random);")
            records.append(f'    Values<{kind}>::record(value.{member}, columns, joined(path, "{member}"), depth);')
        if base:
            leaves.insert(0, f"    Values<{base}>::leaves(path, found);")
            makes.insert(0, f"    static_cast<{base}&>(value) = Values<{base}>::make(random);")
            records.insert(0, f"    Values<{base}>::record(value, columns, path, depth);")
        parent = f" : public {base}" if base else " : public TObject" if isObject else ""
        version = f"  ClassDef({name}, {1 + random.randrange(3)})\n" if isObject else ""
        array_levels = f"""
template <> struct Values<{name}> {{
  static void leaves(const std::string& path, Leaves& found) {{
{chr(10).join(leaves)}
  }}
  static {name} make(Random& random) {{
    {name} value;
{chr(10).join(makes)}
    return value;
  }}
  static void record(const {name}& value, Columns& columns, const std::string& path, int depth) {{
    // An array in a list counts with the list, one in an entry by itself.
{chr(10).join(records)}
  }}
}};
"""
        head = "class" if isObject else "struct"
        access = " public:\n" if isObject else ""
        self.declarations.append(
            (f"{head} {name}{parent} {{\n{access}" + "\n".join(members) + f"\n{version}}};\n", array_levels))
        self.classes.append({"name": name, "portable": isPortable, "object": isObject})
        self.link(name)

    def header(self):
        """The classes alone, for the dictionary."""
        return (
            "#pragma once\n#include <array>\n#include <bitset>\n#include <deque>\n#include <list>\n#include <map>\n"
            "#include <optional>\n#include <set>\n#include <string>\n#include <unordered_map>\n"
            "#include <unordered_set>\n#include <vector>\n#include <Math/Vector4D.h>\n#include <TLorentzVector.h>\n"
            "#include <TString.h>\n#include <TVector3.h>\n"
            "enum Color : int { red, green, blue };\nenum class Level : int { low, middle, high };\n"
            + "\n".join(declaration for declaration, _ in self.declarations))

    def values(self):
        return '#pragma once\n#include "values.h"\n#include "types.h"\n' + "\n".join(
            values for _, values in self.declarations)

    def linkdef(self):
        return "".join(f"#pragma link C++ class {name}+;\n" for name in sorted(self.links)) + (
            "#pragma link C++ enum Color;\n#pragma link C++ enum Level;\n")

    def makers(self):
        objects = [one["name"] for one in self.classes if one["object"]]
        lines = ['#include "branches.h"', '#include "typevalues.h"']
        lines += ["std::vector<BranchMaker> branchMakers() { return {"]
        for name in sorted(set(self.tree)):
            lines.append(f"  [](const std::string& name, Random&) {{ return std::make_unique<ValueBranch<{name}>>(name); }},")
        for name in objects + ["TLorentzVector"]:
            lines.append("  [](const std::string& name, Random&) { return std::make_unique<ClonesBranch<"
                         f'{name}>>(name, "{name}"); }},')
        lines += ["}; }", "std::vector<FieldMaker> fieldMakers() { return {"]
        for name in sorted(set(self.ntuple)):
            lines.append(f"  [](const std::string& name) {{ return std::make_unique<Field<{name}>>(name); }},")
        lines += ["}; }"]
        return "\n".join(lines) + "\n"
