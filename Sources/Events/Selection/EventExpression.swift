// SPDX-License-Identifier: Apache-2.0

/// An expression over the objects of an event, as in `mass(muon[0], tau[0])`.
///
/// The language is that of ``ColumnExpression``, but for the names. In place of columns there are
/// scalars of the event, and lists of a quantity of all objects of a kind, in falling pt:
/// `jet.pt`, `jet.eta`, `jet.phi`, `jet.mass`, `jet.btag`. An object is `jet[0]`, the one of
/// highest pt, or `jet[0, btag]`, the one of highest btag; `jet[0, btag].pt` is a quantity of it.
/// These functions take objects:
///
/// - `mass(a, b, …)`, `pt(a, …)`, `eta(a, …)` of the sum of any number of four-momenta
/// - `transverseMass(a, b, …)`, sqrt((sum of ET)^2 - |sum of pT|^2)
/// - `deltaEta(a, b)`, `deltaPhi(a, b)` in (-pi, pi], the second subtracted, and `deltaR(a, b)`
///
/// Where an argument is a whole kind the result is a list over all combinations of different
/// objects: `min(deltaR(jet, jet))`, `nearest(mass(jet, jet), 80.4)`. Objects of one kind in another
/// order are no other combination. A function is missing where one of its objects is absent, two
/// are the same, or one lacks what is needed: missing momentum has no eta and no mass, and only
/// `pt`, `transverseMass`, which takes it as massless, and `deltaPhi` know it.
public struct EventExpression: Sendable, Hashable, CustomStringConvertible {
  /// The expression as written.
  public let text: String
  /// The schema of the events.
  public let schema: EventSchema
  private let root: ExpressionNode

  /// Parses an expression with one value per event.
  ///
  /// - Parameters:
  ///   - text: The expression.
  ///   - schema: The kinds, features and scalars that it may name.
  /// - Throws: ``ExpressionError``; its code is `wrongShape` where the expression is a list, and
  ///   `countMismatch` where lists of different objects meet.
  public init(_ text: String, schema: EventSchema) throws(ExpressionError) {
    var parser = try ExpressionParser(text)
    var resolver = ExpressionResolver(text, names: .events(schema))
    root = try resolver.resolve(parser.parse())
    self.text = text
    self.schema = schema
    // What does not fit together is told before there are events.
    _ = try evaluate(Self.example(schema))
  }

  /// The expression as written.
  public var description: String { text }

  /// Whether two expressions are written alike, for events of one schema.
  public static func == (first: EventExpression, second: EventExpression) -> Bool {
    first.text == second.text && first.schema == second.schema
  }

  /// Hashes the text.
  public func hash(into hasher: inout Hasher) { hasher.combine(text) }

  /// Returns the value for each event of a batch.
  ///
  /// - Parameter batch: Events of the expression's schema.
  /// - Returns: Not-a-number where the value is missing. Shape `[B]`.
  /// - Throws: ``ExpressionError`` with code `countMismatch` where an event has lists of different
  ///   lengths, which the expression combines element by element.
  public func values(of batch: EventBatch) throws(ExpressionError) -> [Double] {
    try evaluate(batch, ObjectCombinations(batch))
  }

  func evaluate(
    _ batch: EventBatch, _ combinations: ObjectCombinations? = nil
  ) throws(ExpressionError) -> [Double] {
    precondition(
      batch.schema == schema, "The expression \(text) is for events of another schema.")
    let combinations = combinations ?? ObjectCombinations(batch)
    let width = schema.scalars.count
    let evaluator = ExpressionEvaluator(
      text: text, firstEntry: 0, entryWord: "event",
      column: { name in
        let index = schema.scalars.firstIndex(of: name) ?? 0
        return .flat((0..<batch.eventCount).map { Double(batch.scalars[width * $0 + index]) })
      }, objects: { combinations.evaluate($0, $1) })
    let value: ExpressionValue
    do {
      value = try evaluator.evaluate(root)
    } catch let error as ExpressionError {
      throw error
    } catch {
      preconditionFailure("The columns of events throw nothing, but \(error).")
    }
    switch value {
    case .constant(let number): return Array(repeating: number, count: batch.eventCount)
    case .flat(let numbers): return numbers
    case .jagged:
      throw ExpressionError(
        .wrongShape, text, at: 1,
        "the result is a list per event; expected one value. Choose an element, as in jet[0] or "
          + "(…)[0], or make one value of it with sum, min, max, nearest, any, all, count or length."
      )
    }
  }

  /// One event, in which kinds have different numbers of objects.
  private static func example(_ schema: EventSchema) -> EventBatch {
    var batch = EventBatch(schema: schema)
    let objects = schema.objectKinds.enumerated().flatMap { index, kind in
      // Not three, of which there are as many pairs; and few, as combinations are many.
      Array(
        repeating: EventObject(
          kind: index, pt: 1, eta: kind.hasEta ? 0 : .nan, phi: 0, mass: kind.hasMass ? 0 : .nan,
          features: kind.features.map { _ in 0 }), count: 4 + index % 4)
    }
    batch.append(index: 0, objects: objects, scalars: schema.scalars.map { _ in 0 })
    return batch
  }
}
