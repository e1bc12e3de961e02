// SPDX-License-Identifier: Apache-2.0
// Random values of C++ types, and what a reader has to find of them; see scripts/root-random.py.
#pragma once

#include <Math/Vector4D.h>
#include <ROOT/RVec.hxx>
#include <TLorentzVector.h>
#include <TString.h>
#include <TVector3.h>

#include <array>
#include <bitset>
#include <cmath>
#include <cstring>
#include <deque>
#include <forward_list>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

/// Random numbers that depend on the seed alone.
struct Random {
  std::mt19937_64 engine;
  explicit Random(uint64_t seed) : engine(seed) {}
  uint64_t word() { return engine(); }
  int below(int count) { return int(engine() % uint64_t(count)); }
  bool chance(double probability) { return engine() % 10000 < 10000 * probability; }
  double uniform() { return (engine() >> 11) * 0x1.0p-53; }
  template <class T> const T& one(const std::vector<T>& list) { return list[below(int(list.size()))]; }
  /// The length of a list: often none.
  int length() {
    if (chance(emptiness)) return 0;
    return chance(0.03) ? below(60) : 1 + below(3);
  }
  double emptiness = 0.3;
};

/// The digests of `scripts/root-reference.py`.
struct Column {
  std::string type;
  uint64_t count = 0;
  uint64_t hash = 14695981039346656037ull;
  std::vector<uint64_t> levels;
  static void add(uint64_t& hash, uint64_t word) { hash = (hash ^ word) * 1099511628211ull; }
  void value(uint64_t word) { add(hash, word); ++count; }
  void text(const std::string& text) {
    for (unsigned char byte : text) add(hash, byte);
    add(hash, 10);
    ++count;
  }
  void list(int level, uint64_t length) { add(levels[level], length); }
};
using Columns = std::map<std::string, Column>;

/// A column below a type: in how many lists, and how many values are in the innermost entry.
struct Leaf {
  std::string path, type;
  int lists;
  long multiple;
};
using Leaves = std::vector<Leaf>;

inline std::string joined(const std::string& path, const std::string& name) {
  return path.empty() || path.back() == '.' ? path + name : path + "." + name;
}

template <class T> std::string typeName() {
  if constexpr (std::is_same_v<T, bool>) return "b1";
  else if constexpr (std::is_enum_v<T>) return typeName<std::underlying_type_t<T>>();
  else return (std::is_floating_point_v<T> ? "f" : std::is_signed_v<T> ? "i" : "u") + std::to_string(sizeof(T));
}

template <class T> uint64_t word(T value) {
  if constexpr (std::is_same_v<T, float>) { uint32_t bits; memcpy(&bits, &value, 4); return bits; }
  else if constexpr (std::is_same_v<T, double>) { uint64_t bits; memcpy(&bits, &value, 8); return bits; }
  else if constexpr (std::is_enum_v<T>) return word(std::underlying_type_t<T>(value));
  else if constexpr (std::is_signed_v<T>) return uint64_t(int64_t(value));
  else return uint64_t(value);
}

template <class T, class = void> struct Values;

template <class T> struct Values<T, std::enable_if_t<std::is_arithmetic_v<T> || std::is_enum_v<T>>> {
  static void leaves(const std::string& path, Leaves& found) { found.push_back({path, typeName<T>(), 0, 1}); }
  static T make(Random& random) {
    if constexpr (std::is_enum_v<T>) return T(random.below(3));
    else if constexpr (std::is_same_v<T, bool>) return random.chance(0.5);
    else if constexpr (std::is_floating_point_v<T>) {
      using limits = std::numeric_limits<T>;
      if (random.chance(0.05)) {
        static const std::vector<T> special = {T(0), -T(0), limits::infinity(), -limits::infinity(),
          limits::quiet_NaN(), limits::max(), limits::lowest(), limits::min(), limits::denorm_min()};
        return random.one(special);
      }
      return T((random.uniform() - 0.5) * std::pow(10, random.below(8)));
    } else {
      // Few or many bits.
      return T(random.word() >> (random.chance(0.5) ? 0 : 64 - 4));
    }
  }
  static void record(const T& value, Columns& columns, const std::string& path, int) { columns[path].value(word(value)); }
};

inline std::string makeText(Random& random) {
  static const std::vector<std::string> pieces = {"a", "Z", " ", "0", "/", ".", "\"", "\\", "\t", "µ", "é", "→", "😀", "~"};
  int length = random.chance(0.2) ? 0 : random.chance(0.05) ? 250 + random.below(10) : random.chance(0.02) ? 1000 : random.below(8);
  std::string text;
  while (int(text.size()) < length) text += random.chance(0.9) ? std::string(1, char('a' + random.below(26))) : random.one(pieces);
  return text;
}

template <> struct Values<std::string> {
  static void leaves(const std::string& path, Leaves& found) { found.push_back({path, "S", 0, 1}); }
  static std::string make(Random& random) { return makeText(random); }
  static void record(const std::string& value, Columns& columns, const std::string& path, int) { columns[path].text(value); }
};
template <> struct Values<TString> {
  static void leaves(const std::string& path, Leaves& found) { found.push_back({path, "S", 0, 1}); }
  static TString make(Random& random) { return makeText(random).c_str(); }
  static void record(const TString& value, Columns& columns, const std::string& path, int) { columns[path].text(value.Data()); }
};

/// What the lists have in common.
template <class L, class E> struct ListValues {
  static void leaves(const std::string& path, Leaves& found) {
    size_t first = found.size();
    Values<E>::leaves(path, found);
    for (size_t i = first; i < found.size(); ++i) ++found[i].lists;
  }
  static L make(Random& random) {
    L list;
    for (int left = random.length(); left > 0; --left) list.insert(list.end(), Values<E>::make(random));
    return list;
  }
  static void record(const L& list, Columns& columns, const std::string& path, int depth) {
    Leaves below;
    Values<E>::leaves(path, below);
    size_t size = std::distance(list.begin(), list.end());
    for (auto& leaf : below) columns[leaf.path].list(depth, size * (leaf.lists == 0 ? leaf.multiple : 1));
    for (auto&& element : list) Values<E>::record(E(element), columns, path, depth + 1);
  }
};
template <class E> struct Values<std::vector<E>> : ListValues<std::vector<E>, E> {};
template <class E> struct Values<ROOT::RVec<E>> : ListValues<ROOT::RVec<E>, E> {};
template <class E> struct Values<std::list<E>> : ListValues<std::list<E>, E> {};
template <class E> struct Values<std::deque<E>> : ListValues<std::deque<E>, E> {};
template <class E> struct Values<std::set<E>> : ListValues<std::set<E>, E> {};
template <class E> struct Values<std::multiset<E>> : ListValues<std::multiset<E>, E> {};
/// One element at most: the order of more changes when a tree is copied.
template <class L> L atMostOne(L list) {
  if (list.size() > 1) list.erase(std::next(list.begin()), list.end());
  return list;
}
template <class E> struct Values<std::unordered_set<E>> : ListValues<std::unordered_set<E>, E> {
  static std::unordered_set<E> make(Random& random) {
    return atMostOne(ListValues<std::unordered_set<E>, E>::make(random));
  }
};
template <class E> struct Values<std::forward_list<E>> : ListValues<std::forward_list<E>, E> {
  static std::forward_list<E> make(Random& random) {
    std::forward_list<E> list;
    for (int left = random.length(); left > 0; --left) list.push_front(Values<E>::make(random));
    return list;
  }
};
template <class E> struct Values<std::optional<E>> {
  static void leaves(const std::string& path, Leaves& found) { ListValues<std::vector<E>, E>::leaves(path, found); }
  static std::optional<E> make(Random& random) {
    return random.chance(0.5) ? std::optional<E>(Values<E>::make(random)) : std::nullopt;
  }
  static void record(const std::optional<E>& value, Columns& columns, const std::string& path, int depth) {
    std::vector<E> list;
    if (value) list.push_back(*value);
    ListValues<std::vector<E>, E>::record(list, columns, path, depth);
  }
};

template <class A, class B> struct Values<std::pair<A, B>> {
  using First = std::remove_const_t<A>;
  static void leaves(const std::string& path, Leaves& found) {
    Values<First>::leaves(joined(path, "first"), found);
    Values<B>::leaves(joined(path, "second"), found);
  }
  static std::pair<First, B> make(Random& random) {
    auto first = Values<First>::make(random);
    return {first, Values<B>::make(random)};
  }
  static void record(const std::pair<A, B>& pair, Columns& columns, const std::string& path, int depth) {
    Values<First>::record(pair.first, columns, joined(path, "first"), depth);
    Values<B>::record(pair.second, columns, joined(path, "second"), depth);
  }
};
template <class M> struct MapValues : ListValues<M, std::pair<typename M::key_type, typename M::mapped_type>> {};
template <class K, class V> struct Values<std::map<K, V>> : MapValues<std::map<K, V>> {};
template <class K, class V> struct Values<std::multimap<K, V>> : MapValues<std::multimap<K, V>> {};
template <class K, class V> struct Values<std::unordered_map<K, V>> : MapValues<std::unordered_map<K, V>> {
  static std::unordered_map<K, V> make(Random& random) {
    return atMostOne(MapValues<std::unordered_map<K, V>>::make(random));
  }
};

/// Arrays of numbers and texts, of several dimensions too; of lists, one dimension.
template <class T, size_t N> struct Values<std::array<T, N>> {
  static void leaves(const std::string& path, Leaves& found) {
    size_t first = found.size();
    Values<T>::leaves(path, found);
    for (size_t i = first; i < found.size(); ++i) {
      if (found[i].lists == 0) found[i].multiple *= N; else ++found[i].lists;
    }
  }
  static std::array<T, N> make(Random& random) {
    std::array<T, N> array;
    for (auto& element : array) element = Values<T>::make(random);
    return array;
  }
  static void record(const std::array<T, N>& array, Columns& columns, const std::string& path, int depth) {
    Leaves below;
    Values<T>::leaves(path, below);
    bool isLevel = false;
    for (auto& leaf : below) {
      if (leaf.lists > 0) { columns[leaf.path].list(depth, N); isLevel = true; }
    }
    for (auto& element : array) Values<T>::record(element, columns, path, depth + isLevel);
  }
};
template <size_t N> struct Values<std::bitset<N>> {
  static void leaves(const std::string& path, Leaves& found) { found.push_back({path, "b1", 0, N}); }
  static std::bitset<N> make(Random& random) { return std::bitset<N>(random.word()); }
  static void record(const std::bitset<N>& bits, Columns& columns, const std::string& path, int) {
    for (size_t i = 0; i < N; ++i) columns[path].value(bits[i]);
  }
};

/// Numbers under names.
inline void recordNumbers(Columns& columns, const std::string& path, std::initializer_list<std::pair<const char*, double>> numbers) {
  for (auto& number : numbers) columns[joined(path, number.first)].value(word(number.second));
}
inline void leavesOfNumbers(const std::string& path, Leaves& found, std::initializer_list<const char*> names) {
  for (auto name : names) found.push_back({joined(path, name), "f8", 0, 1});
}
template <> struct Values<TLorentzVector> {
  static void leaves(const std::string& path, Leaves& found) { leavesOfNumbers(path, found, {"fP.fX", "fP.fY", "fP.fZ", "fE"}); }
  static TLorentzVector make(Random& r) { return TLorentzVector(r.uniform(), r.uniform(), r.uniform(), r.uniform()); }
  static void record(const TLorentzVector& v, Columns& columns, const std::string& path, int) {
    recordNumbers(columns, path, {{"fP.fX", v.X()}, {"fP.fY", v.Y()}, {"fP.fZ", v.Z()}, {"fE", v.E()}});
  }
};
template <> struct Values<TVector3> {
  static void leaves(const std::string& path, Leaves& found) { leavesOfNumbers(path, found, {"fX", "fY", "fZ"}); }
  static TVector3 make(Random& r) { return TVector3(r.uniform(), r.uniform(), r.uniform()); }
  static void record(const TVector3& v, Columns& columns, const std::string& path, int) {
    recordNumbers(columns, path, {{"fX", v.X()}, {"fY", v.Y()}, {"fZ", v.Z()}});
  }
};
template <> struct Values<ROOT::Math::PtEtaPhiMVector> {
  static void leaves(const std::string& path, Leaves& found) {
    leavesOfNumbers(path, found, {"fCoordinates.fPt", "fCoordinates.fEta", "fCoordinates.fPhi", "fCoordinates.fM"});
  }
  // Members are Double32_t: single precision in a file.
  static ROOT::Math::PtEtaPhiMVector make(Random& r) { return {float(r.uniform()), float(r.uniform()), float(r.uniform()), float(r.uniform())}; }
  static void record(const ROOT::Math::PtEtaPhiMVector& v, Columns& columns, const std::string& path, int) {
    recordNumbers(columns, path, {{"fCoordinates.fPt", v.Pt()}, {"fCoordinates.fEta", v.Eta()},
      {"fCoordinates.fPhi", v.Phi()}, {"fCoordinates.fM", v.M()}});
  }
};
template <> struct Values<ROOT::Math::XYZTVector> {
  static void leaves(const std::string& path, Leaves& found) {
    leavesOfNumbers(path, found, {"fCoordinates.fX", "fCoordinates.fY", "fCoordinates.fZ", "fCoordinates.fT"});
  }
  static ROOT::Math::XYZTVector make(Random& r) { return {float(r.uniform()), float(r.uniform()), float(r.uniform()), float(r.uniform())}; }
  static void record(const ROOT::Math::XYZTVector& v, Columns& columns, const std::string& path, int) {
    recordNumbers(columns, path, {{"fCoordinates.fX", v.X()}, {"fCoordinates.fY", v.Y()},
      {"fCoordinates.fZ", v.Z()}, {"fCoordinates.fT", v.T()}});
  }
};

/// A number as it is once packed into a range, as `TBufferFile` does it.
inline double packed(double value, double minimum, double maximum, int bits) {
  double largest = bits < 32 ? double(1u << bits) : double(0xffffffff);
  double factor = largest / (maximum - minimum);
  double x = std::min(std::max(value, minimum), maximum);
  return double(uint32_t(0.5 + factor * (x - minimum))) / factor + minimum;
}
