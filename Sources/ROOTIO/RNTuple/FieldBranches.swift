// SPDX-License-Identifier: Apache-2.0

/// Makes branches of the fields of an RNTuple, parents first.
///
/// The subfields of records become branches of their own, `parent.child`. Names that RNTuple gives
/// to the elements of collections and arrays, to base classes and the like are left out.
struct FieldBranches {
  private(set) var branches: [Branch] = []
  /// Other names of branches: those of the fields whose columns they show.
  private(set) var aliases: [String: String] = [:]

  private let rntuple: RNTuple
  private let schema: RNTupleSchema
  private let children: [[Int]]
  /// The fields whose columns another one shows.
  private let sources: Set<Int>
  /// The branches that show columns of another field, by that field.
  private var shown: [Int: String] = [:]
  /// Fields that are left out where a branch shows their columns.
  private var hidden: [(name: String, field: Int, context: Context)] = []
  private var names: Set<String> = []

  /// What the parents of a field say about its values.
  private struct Context {
    /// The name with nothing left out.
    var path: String
    /// The outermost of the fields that share the name.
    var named: RNTupleSchema.Field?
    /// The lists around it, the outermost first.
    var levels: [FieldLayout.Level] = []
    /// The classes of those that are collections, as in `vector`; of arrays their dimensions, as in
    /// `[2][3]`.
    var containers: [String] = []
    var multiple = 1
    var dimensions = ""
    var depth = 0
    /// Whether the collection has no C++ class.
    ///
    /// Programs put columns of equal lengths into such a one, and show them by projected fields
    /// with the names that a TTree would have.
    var isUntyped = false
    /// Why nothing below can be a column.
    var problem: DecodingFailure?
  }

  /// Fields nested deeper are not looked at, so that damaged files cannot exhaust the stack.
  private static let maximumDepth = 64
  /// More values in an entry are taken for damage.
  private static let maximumLength = 1 << 28

  init(_ rntuple: RNTuple) {
    self.rntuple = rntuple
    schema = rntuple.schema
    sources = Set(schema.fields.compactMap(\.source))
    var children = Array(repeating: [Int](), count: schema.fields.count)
    for (index, field) in schema.fields.enumerated() where field.parent != index {
      children[field.parent].append(index)
    }
    self.children = children
    for (index, field) in schema.fields.enumerated() where field.parent == index {
      collect(index, field.name, Context(path: field.name))
    }
    for (name, field, context) in hidden {
      if let branch = shown[field] { aliases[name] = branch } else { append(field, name, context) }
    }
  }

  private mutating func collect(_ index: Int, _ name: String, _ parent: Context) {
    let field = schema.fields[index]
    var context = parent
    context.named = context.named ?? field
    context.depth += 1
    if context.depth > Self.maximumDepth {
      return append(
        index, name, context,
        .unsupported("its fields are nested deeper than \(Self.maximumDepth) levels"))
    }
    if let repetition = field.repetition {
      let (multiple, overflow) = context.multiple.multipliedReportingOverflow(by: repetition)
      if overflow || !(1...Self.maximumLength).contains(multiple) {
        context.problem =
          context.problem ?? .corrupted("an array announces \(repetition) values", at: nil)
      }
      context.multiple = overflow ? 1 : multiple
      context.dimensions += "[\(repetition)]"
    }
    switch field.role {
    case 0: collectLeaf(index, name, context)
    case 1: collectCollection(index, name, context)
    case 2: collectRecord(index, name, context)
    case 3:
      append(
        index, name, context,
        .unsupported("its values have one of several types (\(field.typeName))"))
    case 4:
      append(
        index, name, context,
        .unsupported("it holds objects of class \(field.typeName) as ROOT's streamer writes them"))
    default:
      append(index, name, context, .unsupported("its field has the unknown role \(field.role)"))
    }
  }

  private mutating func collectRecord(_ index: Int, _ name: String, _ context: Context) {
    let typeName = schema.fields[index].typeName
    let isBase = schema.fields[index].name.hasPrefix(":")
    if !typeName.isEmpty, !isBase {
      append(
        index, name, context,
        .unsupported(
          "it is an object of class \(typeName) that is split into the branches below it; read "
            + "those"))
    }
    for child in children[index] {
      var context = context
      let childName = schema.fields[child].name
      context.path += ".\(childName)"
      context.named = nil
      // The members of a base class are the object's.
      collect(child, childName.hasPrefix(":") ? name : "\(name).\(childName)", context)
    }
  }

  private mutating func collectCollection(_ index: Int, _ name: String, _ parent: Context) {
    let field = schema.fields[index]
    var context = parent
    if !context.dimensions.isEmpty {
      context.levels.append(.array(context.multiple))
      context.containers.append(context.dimensions)
      context.multiple = 1
      context.dimensions = ""
    }
    let collection = Representations(schema.columnsOfField[index], in: schema, columnCount: 1)
    if let collection, collection.columns(at: 0).allSatisfy(isIndex) {
      context.levels.append(.collection(collection))
    } else {
      context.problem = context.problem ?? unknownColumns(index)
    }
    context.containers.append(Self.containerName(field.typeName))
    context.isUntyped = field.typeName.isEmpty
    if children[index].count != 1 {
      return append(
        index, name, context,
        .corrupted("a collection has \(children[index].count) subfields", at: nil))
    }
    // All below it is refused with it.
    if context.problem != nil { return append(index, name, context) }
    collect(children[index][0], name, context)
  }

  private mutating func collectLeaf(_ index: Int, _ name: String, _ context: Context) {
    if schema.columnsOfField[index].isEmpty, children[index].count == 1 {
      // An array, an enumeration or an atomic value: the subfield has the columns.
      return collect(children[index][0], name, context)
    }
    if context.isUntyped, sources.contains(index) {
      hidden.append((name, index, context))
      return
    }
    append(index, name, context)
  }

  /// Adds a branch: one that can be read, unless something stands against it.
  private mutating func append(
    _ index: Int, _ name: String, _ context: Context, _ problem: DecodingFailure? = nil
  ) {
    let named = context.named ?? schema.fields[index]
    // Members of two base classes may have one name.
    let name = names.insert(name).inserted ? name : context.path
    var typeName = named.typeName.isEmpty ? "fields without a class" : named.typeName
    let layout = (problem ?? context.problem).map { .failure($0) } ?? self.layout(index, context)
    if case .success(let readable) = layout {
      typeName = readable.element.name + context.dimensions
      for container in context.containers.reversed() {
        typeName = container.hasPrefix("[") ? typeName + container : "\(container)<\(typeName)>"
      }
      if let source = schema.fields[index].source { shown[source] = name }
    }
    branches.append(
      Branch(
        name: name, storedName: named.name, title: named.description, typeName: typeName,
        layout: layout, in: rntuple))
  }

  /// Decides how the columns of a leaf become values.
  private func layout(
    _ index: Int, _ context: Context
  ) -> Result<FieldLayout, DecodingFailure> {
    let field = schema.fields[index]
    let columns = schema.columnsOfField[index]
    let levels = context.levels
    if field.typeName == "std::string" {
      guard let leaf = Representations(columns, in: schema, columnCount: 2),
        leaf.columns(at: 0).allSatisfy(isIndex),
        leaf.columns(at: 1).allSatisfy({ schema.columns[$0].encoding == .char })
      else { return .failure(unknownColumns(index)) }
      return .success(
        FieldLayout(
          element: .string, kind: .text, levels: levels, multiple: context.multiple,
          leaf: leaf))
    }
    guard let leaf = Representations(columns, in: schema, columnCount: 1) else {
      return .failure(unknownColumns(index))
    }
    if field.typeName.hasPrefix("ROOT::RNTupleCardinality<"),
      leaf.columns(at: 0).allSatisfy(isIndex)
    {
      return .success(
        FieldLayout(
          element: field.typeName.contains("64") ? .uint64 : .uint32, kind: .counts,
          levels: levels, multiple: context.multiple, leaf: leaf))
    }
    var types = Set(
      leaf.columns(at: 0).map { schema.columns[$0].encoding?.elementType ?? .other })
    if types.isSubset(of: [.float32, .float64]), types.count > 1 || field.typeName == "double" {
      types = [.float64]
    }
    guard let element = types.first, types.count == 1, element != .other else {
      return .failure(unknownColumns(index))
    }
    return .success(
      FieldLayout(
        element: element, kind: .numbers, levels: levels, multiple: context.multiple,
        leaf: leaf))
  }

  private func isIndex(_ column: Int) -> Bool { schema.columns[column].encoding?.isIndex == true }

  private func unknownColumns(_ index: Int) -> DecodingFailure {
    let types = schema.columnsOfField[index].map { String(schema.columns[$0].code) }
    return .unsupported(
      "a field of type \(schema.fields[index].typeName) has columns of types "
        + "\(types.joined(separator: ", ")), which this reader does not know")
  }

  /// Shortens `std::vector<float>` to `vector`, `ROOT::VecOps::RVec<float>` to `RVec`.
  private static func containerName(_ typeName: String) -> String {
    let container = typeName.prefix { $0 != "<" }
    let last = container.lastIndex(of: ":").map { container[container.index(after: $0)...] }
    return typeName.isEmpty ? "vector" : String(last ?? container)
  }
}
