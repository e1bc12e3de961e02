// SPDX-License-Identifier: Apache-2.0

import Runtime

/// Finds out what the names in an expression stand for.
struct ExpressionResolver {
  let text: String
  let names: ExpressionNames
  /// The columns in order of appearance, with the place of the first.
  private(set) var columns: [(name: String, at: Int)] = []
  /// The largest `n` of all `list[n]`.
  private(set) var largestElement: Int?

  init(_ text: String, names: ExpressionNames) {
    self.text = text
    self.names = names
  }

  mutating func resolve(_ syntax: ExpressionSyntax) throws(ExpressionError) -> ExpressionNode {
    switch syntax {
    case .number(let value): return .number(value)
    case .name(let name, let column): return try resolve(name: name, at: column)
    case .negation(let operand): return .negation(try resolve(operand))
    case .not(let operand): return .not(try resolve(operand))
    case .binary: return try resolve(chain: syntax)
    case .call(let name, let arguments, let column):
      return try resolve(call: name, arguments, at: column)
    case .member(let operand, let name, let column):
      guard let object = try reference(operand) else {
        throw ExpressionError(
          .noObjects, text, at: column, ".\(name) stands behind what is no object. \(objectForms)")
      }
      let quantity = try quantity(name, of: object.kind, at: column)
      return .objects(".\(name)", .quantity(quantity), [object], at: column)
    case .element(let list, let index, let order, let column):
      if let object = try reference(syntax) {
        let name = schema?.objectKinds[object.kind].name ?? ""
        throw ExpressionError(
          .noObjects, text, at: column - name.count,
          "\(name)[\(index)] is an object, not a number. Write \(name)[\(index)].pt for a quantity, "
            + "or give it to a function of objects, as in pt(\(name)[\(index)]).")
      }
      if let order {
        throw ExpressionError(
          .noObjects, text, at: order.at,
          "only objects have an order, \(order.name); a list has one index. \(objectForms)")
      }
      largestElement = max(largestElement ?? 0, index)
      return .element(try resolve(list), index, at: column)
    }
  }

  /// Resolves a chain as a + b - c from the left, in a loop: it may be longer than the stack is deep.
  private mutating func resolve(
    chain: ExpressionSyntax
  ) throws(ExpressionError) -> ExpressionNode {
    var links: [(symbol: String, second: ExpressionSyntax, at: Int)] = []
    var first = chain
    while case .binary(let symbol, let before, let second, let column) = first {
      links.append((symbol, second, column))
      first = before
    }
    var node = try resolve(first)
    for link in links.reversed() {
      node = .binary(link.symbol, node, try resolve(link.second), at: link.at)
    }
    return node
  }

  var schema: EventSchema? { if case .events(let schema) = names { schema } else { nil } }

  /// What to do where an object is needed.
  private var objectForms: String {
    guard let kind = schema?.objectKinds.first?.name else {
      return
        "Objects are not known here, only columns of the file; the section variables knows them."
    }
    return "Write an object as \(kind)[0], by rank in pt, or \(kind)[0, eta], by another quantity; "
      + "\(kind) stands for all."
  }

  // MARK: - Names

  private mutating func resolve(
    name: String, at column: Int
  ) throws(ExpressionError) -> ExpressionNode {
    guard let schema else {
      if !columns.contains(where: { $0.name == name }) { columns.append((name, column)) }
      return .column(name, at: column)
    }
    if let kind = schema.index(ofKind: name) {
      let example = schema.objectKinds[kind].hasEta ? "mass" : "pt"
      throw ExpressionError(
        .noObjects, text, at: column,
        "\(name) is a kind of object, not a number. Write \(name).pt for a quantity of all, "
          + "length(\(name).pt) for how many, or give it to a function of objects, as in "
          + "\(example)(\(name)[0]).")
    }
    // The longest kind that fits, as names of kinds may have points themselves.
    let kinds = schema.objectKinds.indices.filter {
      name.hasPrefix(schema.objectKinds[$0].name + ".")
    }
    if let kind = kinds.max(by: {
      schema.objectKinds[$0].name.count < schema.objectKinds[$1].name.count
    }) {
      let length = schema.objectKinds[kind].name.count + 1
      let own = try quantity(String(name.dropFirst(length)), of: kind, at: column + length)
      let all = ObjectReference(kind: kind, rank: nil, order: .pt)
      return .objects(name, .quantity(own), [all], at: column)
    }
    guard schema.scalars.contains(name) else { throw unknown(name, at: column, schema) }
    return .column(name, at: column)
  }

  private func unknown(_ name: String, at column: Int, _ schema: EventSchema) -> ExpressionError {
    let kinds = schema.objectKinds.map(\.name)
    if let point = name.firstIndex(of: "."), point != name.startIndex {
      return unknownKind(String(name[..<point]), at: column, schema)
    }
    let lists = schema.objectKinds.flatMap { kind in
      Self.quantities(of: kind).map { "\(kind.name).\($0)" }
    }
    let hint = nearestNamesHint(for: name, among: schema.scalars + kinds + lists)
    let scalars =
      schema.scalars.isEmpty
      ? "" : " and the scalars \(schema.scalars.joined(separator: ", "))"
    return ExpressionError(
      .unknownColumn, text, at: column,
      "there is no scalar and no kind of object \(name)."
        + (hint.isEmpty ? " There are \(kinds.joined(separator: ", "))\(scalars)." : hint))
  }

  private func unknownKind(
    _ name: String, at column: Int, _ schema: EventSchema
  ) -> ExpressionError {
    let kinds = schema.objectKinds.map(\.name)
    let hint = nearestNamesHint(for: name, among: kinds)
    return ExpressionError(
      .unknownKind, text, at: column,
      "there is no kind of object \(name)."
        + (hint.isEmpty ? " There are \(kinds.joined(separator: ", "))." : hint))
  }

  private static func quantities(of kind: ObjectKind) -> [String] {
    ["pt"] + (kind.hasEta ? ["eta"] : []) + ["phi"] + (kind.hasMass ? ["mass"] : [])
      + kind.features
  }

  private func quantity(
    _ name: String, of kind: Int, at column: Int
  ) throws(ExpressionError) -> ObjectReference.Quantity {
    guard let own = schema?.objectKinds[kind] else {
      preconditionFailure("Only a schema has the kind \(kind).")
    }
    let names = Self.quantities(of: own)
    if names.contains(name) {
      switch name {
      case "pt": return .pt
      case "eta" where own.hasEta: return .eta
      case "phi": return .phi
      case "mass" where own.hasMass: return .mass
      default: return .feature(own.features.firstIndex(of: name) ?? 0)
      }
    }
    // So short are the names that most of a short list is near.
    let hint = names.count > 12 ? nearestNamesHint(for: name, among: names) : ""
    throw ExpressionError(
      .unknownQuantity, text, at: column,
      "\(own.name) has no \(name)."
        + (hint.isEmpty ? " It has \(names.joined(separator: ", "))." : hint))
  }

  // MARK: - Objects and functions

  /// Returns the object or kind that a part of an expression names; `nil` if it is a number.
  private func reference(
    _ syntax: ExpressionSyntax
  ) throws(ExpressionError) -> ObjectReference? {
    guard let schema else { return nil }
    switch syntax {
    case .name(let name, _):
      return schema.index(ofKind: name).map { ObjectReference(kind: $0, rank: nil, order: .pt) }
    case .element(.name(let name, let column), let rank, let order, _):
      guard let kind = schema.index(ofKind: name) else {
        if order != nil || !name.contains(".") && !schema.scalars.contains(name) {
          throw unknownKind(name, at: column, schema)
        }
        return nil
      }
      var quantity = ObjectReference.Quantity.pt
      if let order { quantity = try self.quantity(order.name, of: kind, at: order.at) }
      return ObjectReference(kind: kind, rank: rank, order: quantity)
    default: return nil
    }
  }

  private mutating func resolve(
    call name: String, _ arguments: [ExpressionSyntax], at column: Int
  ) throws(ExpressionError) -> ExpressionNode {
    let function = ExpressionFunction.named(name, argumentCount: arguments.count)
    if let object = ObjectFunction.named(name, argumentCount: arguments.count) {
      var references: [ObjectReference] = []
      var firstOther: Int?
      for (index, argument) in arguments.enumerated() {
        if let reference = try reference(argument) {
          references.append(reference)
        } else if firstOther == nil {
          firstOther = index
        }
      }
      guard let firstOther else {
        try checkCombinations(name, references, at: column)
        return .objects(name, object, references, at: column)
      }
      if !references.isEmpty || function == nil {
        throw ExpressionError(
          .noObjects, text, at: column,
          "\(name) is a function of objects, and argument \(firstOther + 1) is none. \(objectForms)"
        )
      }
    }
    if let function {
      var nodes: [ExpressionNode] = []
      for argument in arguments { nodes.append(try resolve(argument)) }
      return .call(name, function, nodes, at: column)
    }
    let forms = [ExpressionFunction.usage(of: name), ObjectFunction.usage(of: name)]
      .compactMap { $0 }.joined(separator: " or ")
    if !forms.isEmpty {
      let count = arguments.count == 1 ? "1 argument" : "\(arguments.count) arguments"
      throw ExpressionError(
        .unknownFunction, text, at: column, "\(name) was given \(count). Write \(forms).")
    }
    let known = Set(ExpressionFunction.names + (schema == nil ? [] : ObjectFunction.names)).sorted()
    let hint = nearestNamesHint(for: name, among: known)
    throw ExpressionError(
      .unknownFunction, text, at: column,
      "there is no function \(name)."
        + (hint.isEmpty ? " There are \(known.joined(separator: ", "))." : hint))
  }

  /// Refuses lists so long that they would never end.
  private func checkCombinations(
    _ name: String, _ references: [ObjectReference], at column: Int
  ) throws(ExpressionError) {
    let count = references.count { $0.rank == nil }
    guard count > ObjectFunction.largestKindCount else { return }
    throw ExpressionError(
      .unknownFunction, text, at: column,
      "\(name) was given \(count) whole kinds; the combinations of more than "
        + "\(ObjectFunction.largestKindCount) are too many.")
  }
}
