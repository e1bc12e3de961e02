// SPDX-License-Identifier: Apache-2.0

/// Where the values of a branch are in the columns of an RNTuple.
struct FieldLayout: Sendable {
  let element: ElementType
  let kind: Kind
  /// The lists that hold the values, the outermost first; empty where every entry has as many.
  let levels: [Level]
  /// The values of an entry, or of an element of the innermost list.
  let multiple: Int
  /// The field that has the values.
  let leaf: Representations

  /// A list of values or of other lists.
  enum Level: Sendable {
    /// Its columns tell where its elements end.
    case collection(Representations)
    /// All have as many elements: an array of collections.
    case array(Int)
  }

  /// What the columns of the leaf are.
  enum Kind: Sendable {
    case numbers
    /// The ends of collections, of which the counts are wanted.
    case counts
    /// The ends of strings, and their characters.
    case text
  }

  var shape: Branch.Shape {
    switch levels.count {
    case 0: multiple == 1 ? .flat : .fixed(multiple)
    case 1: .jagged
    default: .nested(levels.count)
    }
  }
}

/// The columns of a field, in the ways in which clusters may store it.
struct Representations: Sendable {
  /// The indices of the columns of each; all have as many, one at least.
  let columns: [[Int]]

  /// Groups the columns of a field; `nil` if they are not what a field needs.
  init?(_ indices: [Int], in schema: RNTupleSchema, columnCount: Int) {
    var groups: [Int: [Int]] = [:]
    var order: [Int] = []
    for index in indices {
      let representation = schema.columns[index].representation
      if groups[representation] == nil { order.append(representation) }
      groups[representation, default: []].append(index)
    }
    columns = order.map { groups[$0] ?? [] }
    if columns.isEmpty || columns.contains(where: { $0.count != columnCount }) { return nil }
  }

  /// All columns in one place of the representations.
  func columns(at place: Int) -> [Int] { columns.map { $0[place] } }
}
