// SPDX-License-Identifier: Apache-2.0
// Branches of a TTree and fields of an RNTuple with random values; see scripts/root-random.py.
#pragma once

#include "values.h"

#include <ROOT/RNTupleModel.hxx>
#include <ROOT/RNTupleWriter.hxx>
#include <TClonesArray.h>
#include <TTree.h>

#include <functional>
#include <memory>

/// A branch whose expected columns are known.
struct AnyBranch {
  std::string name;
  Columns columns;
  long entries = 0;
  virtual ~AnyBranch() {}
  /// Makes the branch in a tree; may be called again for another tree, to which the values go on.
  virtual TBranch* attach(TTree& tree, Random& random) = 0;
  virtual void next(Random& random) = 0;
  /// Further branches that belong to it, such as a counter.
  virtual std::vector<std::string> names() { return {name}; }

 protected:
  void expect(const Leaves& leaves) {
    for (auto& leaf : leaves) {
      auto& column = columns[leaf.path];
      column.type = leaf.type;
      column.levels.resize(leaf.lists + (leaf.lists == 0 && leaf.multiple > 1), Column().hash);
    }
  }
};

inline int basketSize(Random& random) { return random.one<int>({64, 200, 1000, 8000, 32000, 32000, 256000}); }

/// A value of any type that ROOT has a dictionary of.
template <class T> struct ValueBranch : AnyBranch {
  T value{};
  Leaves leaves;
  /// The same in all trees: those of other levels cannot be merged as they are.
  int split = -1;
  explicit ValueBranch(const std::string& given) {
    name = given;
    Values<T>::leaves(name, leaves);
    expect(leaves);
  }
  TBranch* attach(TTree& tree, Random& random) override {
    if (split < 0) split = random.one<int>({0, 1, 2, 99, 99});
    return tree.Branch(name.c_str(), &value, basketSize(random), split);
  }
  void next(Random& random) override {
    value = Values<T>::make(random);
    for (auto& leaf : leaves)
      if (leaf.lists == 0 && leaf.multiple > 1) columns[leaf.path].list(0, leaf.multiple);
    Values<T>::record(value, columns, name, 0);
    ++entries;
  }
};

/// A list of leaves: `x/F`, `x[2][3]/F`, or several.
struct LeafListBranch : AnyBranch {
  struct Item { std::string leaf; char code; int length; std::string dimensions; };
  std::vector<Item> items;
  std::vector<char> buffer;
  double minimum = 0, maximum = 0;
  int bits = 0;

  LeafListBranch(const std::string& given, Random& random) {
    name = given;
    // Of falling size, so that nothing has to be aligned.
    static const std::string codes = "DLlGgIiFSsBbO";
    int count = random.chance(0.7) ? 1 : 2 + random.below(3);
    std::vector<int> chosen;
    for (int i = 0; i < count; ++i) chosen.push_back(random.below(int(codes.size())));
    std::sort(chosen.begin(), chosen.end(), [](int a, int b) { return size(codes[a]) > size(codes[b]); });
    for (int i = 0; i < count; ++i) {
      Item item{count == 1 ? "leaf" : "leaf" + std::to_string(i), codes[chosen[i]], 1, ""};
      for (int left = random.chance(0.7) ? 0 : 1 + random.below(3); left > 0; --left) {
        int extent = 1 + random.below(4);
        item.length *= extent;
        item.dimensions += "[" + std::to_string(extent) + "]";
      }
      items.push_back(item);
      auto& column = columns[path(item)];
      column.type = type(item.code);
      column.levels.resize(item.length > 1, Column().hash);
    }
    buffer.resize(4096);
  }
  std::string path(const Item& item) { return items.size() <= 1 && item.leaf == "leaf" ? name : name + "." + item.leaf; }
  static int size(char code) { return strchr("DLlGg", code) ? 8 : strchr("IiF", code) ? 4 : strchr("Ss", code) ? 2 : 1; }
  static std::string type(char code) {
    return std::string(code == 'O' ? "b" : strchr("DF", code) ? "f" : islower(code) ? "u" : "i") + std::to_string(size(code));
  }
  TBranch* attach(TTree& tree, Random& random) override {
    std::string list;
    for (auto& item : items) list += (list.empty() ? "" : ":") + item.leaf + item.dimensions + "/" + item.code;
    return tree.Branch(name.c_str(), buffer.data(), list.c_str(), basketSize(random));
  }
  template <class T> static void fill(char* target, int count, Random& random, Column& column) {
    for (int i = 0; i < count; ++i) {
      T value = Values<T>::make(random);
      memcpy(target + i * sizeof(T), &value, sizeof(T));
      column.value(word(value));
    }
  }
  static void fill(char code, char* target, int count, Random& random, Column& column) {
    switch (code) {
      case 'D': return fill<double>(target, count, random, column);
      case 'L': case 'G': return fill<Long64_t>(target, count, random, column);
      case 'l': case 'g': return fill<ULong64_t>(target, count, random, column);
      case 'I': return fill<int>(target, count, random, column);
      case 'i': return fill<unsigned>(target, count, random, column);
      case 'F': return fill<float>(target, count, random, column);
      case 'S': return fill<short>(target, count, random, column);
      case 's': return fill<unsigned short>(target, count, random, column);
      case 'B': return fill<signed char>(target, count, random, column);
      case 'b': return fill<unsigned char>(target, count, random, column);
      case 'O': return fill<bool>(target, count, random, column);
    }
  }
  void next(Random& random) override {
    char* target = buffer.data();
    for (auto& item : items) {
      auto& column = columns[path(item)];
      if (item.length > 1) column.list(0, item.length);
      fill(item.code, target, item.length, random, column);
      target += item.length * size(item.code);
    }
    ++entries;
  }
};

/// Numbers of reduced precision, and C strings.
struct SpecialLeafBranch : AnyBranch {
  char code;
  int length = 1;
  double minimum = 0, maximum = 0;
  int bits = 0;
  std::string range;
  double doubles[4];
  float floats[4];
  char text[2048];

  SpecialLeafBranch(const std::string& given, Random& random) {
    name = given;
    code = random.one<char>({'C', 'f', 'd'});
    auto& column = columns[name];
    column.type = code == 'C' ? "S" : code == 'f' ? "f4" : "f8";
    if (code == 'C') return;
    length = random.one<int>({1, 1, 3});
    column.levels.resize(length > 1, Column().hash);
    if (random.chance(0.6)) {
      bits = random.one<int>({2, 8, 12, 16, 20, 31, 32});
      minimum = random.one<double>({0, -10, -1.5});
      maximum = random.one<double>({1, 100, 3.5});
      char description[100];
      snprintf(description, 100, bits == 32 ? "[%g,%g]" : "[%g,%g,%d]", minimum, maximum, bits);
      range = description;
    } else if (random.chance(0.5)) {
      range = "[0,0," + std::to_string(6 + random.below(9)) + "]";
    }
  }
  TBranch* attach(TTree& tree, Random& random) override {
    void* address = code == 'C' ? (void*)text : code == 'f' ? (void*)floats : (void*)doubles;
    std::string list = name + (length > 1 ? "[3]" : "") + "/" + code + range;
    return tree.Branch(name.c_str(), address, list.c_str(), basketSize(random));
  }
  void next(Random& random) override {
    auto& column = columns[name];
    ++entries;
    if (code == 'C') {
      auto made = makeText(random);
      strcpy(text, made.c_str());
      return column.text(made);
    }
    if (length > 1) column.list(0, length);
    for (int i = 0; i < length; ++i) {
      // Five leading bits are kept whatever the packing.
      double value = bits ? minimum + random.uniform() * (maximum - minimum) : (random.below(32) - 16) * 0.5;
      floats[i] = float(value);
      doubles[i] = value;
      if (code == 'f') column.value(word(float(bits ? packed(floats[i], minimum, maximum, bits) : value)));
      else column.value(word(bits ? packed(value, minimum, maximum, bits) : value));
    }
  }
};

/// A counter and arrays that it counts.
struct CountedBranches : AnyBranch {
  static constexpr int maximum = 60;
  struct Array { std::string name; char code; int multiple; std::string dimensions; std::vector<char> buffer; };
  char code;
  char counter[8];
  std::vector<Array> arrays;

  CountedBranches(const std::string& given, Random& random) {
    name = given;
    code = random.one<char>({'I', 'I', 'I', 'i', 'S', 's', 'B', 'b', 'L', 'l'});
    columns[name].type = LeafListBranch::type(code);
    static const std::string codes = "DFIiSsBbLlO";
    for (int left = 1 + random.below(4); left > 0; --left) {
      Array array{name + "_x" + std::to_string(left), codes[random.below(int(codes.size()))], 1, "", {}};
      for (int more = random.chance(0.7) ? 0 : 1 + random.below(2); more > 0; --more) {
        int extent = 1 + random.below(3);
        array.multiple *= extent;
        array.dimensions += "[" + std::to_string(extent) + "]";
      }
      array.buffer.resize(maximum * array.multiple * 8);
      auto& column = columns[array.name];
      column.type = LeafListBranch::type(array.code);
      column.levels.resize(1, Column().hash);
      arrays.push_back(array);
    }
  }
  std::vector<std::string> names() override {
    std::vector<std::string> names = {name};
    for (auto& array : arrays) names.push_back(array.name);
    return names;
  }
  TBranch* attach(TTree& tree, Random& random) override {
    auto branch = tree.Branch(name.c_str(), counter, (name + "/" + code).c_str(), basketSize(random));
    for (auto& array : arrays)
      tree.Branch(array.name.c_str(), array.buffer.data(),
                  (array.name + "[" + name + "]" + array.dimensions + "/" + array.code).c_str(), basketSize(random));
    return branch;
  }
  void next(Random& random) override {
    int count = std::min(random.length(), maximum);
    // The machine is little-endian.
    long long wide = count;
    memcpy(counter, &wide, 8);
    columns[name].value(count);
    for (auto& array : arrays) {
      auto& column = columns[array.name];
      column.list(0, count * array.multiple);
      LeafListBranch::fill(array.code, array.buffer.data(), count * array.multiple, random, column);
    }
    ++entries;
  }
};

/// A `TClonesArray`.
template <class T> struct ClonesBranch : AnyBranch {
  TClonesArray array;
  TClonesArray* pointer = &array;
  ClonesBranch(const std::string& given, const char* className) : array(className) {
    name = given;
    Leaves leaves;
    Values<std::vector<T>>::leaves(name, leaves);
    expect(leaves);
  }
  TBranch* attach(TTree& tree, Random& random) override { return tree.Branch(name.c_str(), &pointer, basketSize(random), 99); }
  void next(Random& random) override {
    auto values = Values<std::vector<T>>::make(random);
    array.Clear("C");
    int index = 0;
    for (auto& value : values) *static_cast<T*>(array.ConstructedAt(index++)) = value;
    Values<std::vector<T>>::record(values, columns, name, 0);
    ++entries;
  }
};

/// A field of an RNTuple.
struct AnyField {
  std::string name;
  Columns columns;
  long entries = 0;
  virtual ~AnyField() {}
  virtual void add(ROOT::RNTupleModel& model) = 0;
  virtual void next(Random& random) = 0;
};
template <class T> struct Field : AnyField {
  std::shared_ptr<T> value;
  Leaves leaves;
  explicit Field(const std::string& given) {
    name = given;
    Values<T>::leaves(name, leaves);
    for (auto& leaf : leaves) {
      columns[leaf.path].type = leaf.type;
      columns[leaf.path].levels.resize(leaf.lists + (leaf.lists == 0 && leaf.multiple > 1), Column().hash);
    }
  }
  void add(ROOT::RNTupleModel& model) override { value = model.MakeField<T>(name); }
  void next(Random& random) override {
    *value = Values<T>::make(random);
    for (auto& leaf : leaves)
      if (leaf.lists == 0 && leaf.multiple > 1) columns[leaf.path].list(0, leaf.multiple);
    Values<T>::record(*value, columns, name, 0);
    ++entries;
  }
};

using BranchMaker = std::function<std::unique_ptr<AnyBranch>(const std::string&, Random&)>;
using FieldMaker = std::function<std::unique_ptr<AnyField>(const std::string&)>;
/// Made by scripts/root-random.py for the types of a seed.
std::vector<BranchMaker> branchMakers();
std::vector<FieldMaker> fieldMakers();
