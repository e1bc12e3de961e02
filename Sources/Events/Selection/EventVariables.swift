// SPDX-License-Identifier: Apache-2.0

import Configuration

/// Named variables of events: the section `variables` of a configuration.
///
///     variables:
///       m_vis: mass(muon[0], tau[0])
///       mt: transverseMass(muon[0], missingMomentum[0])
///       ht: sum(jet.pt)
///       w: nearest(mass(jet, jet), 80.4)
///
/// They are computed where they are needed, and not stored. See ``EventExpression``.
public struct EventVariables: Sendable, Hashable {
  /// The names, in the order of the columns.
  public let names: [String]
  /// How each is computed.
  public let expressions: [EventExpression]

  /// Makes variables.
  ///
  /// - Precondition: There are as many names as expressions.
  public init(names: [String], expressions: [EventExpression]) {
    precondition(
      names.count == expressions.count,
      "\(names.count) names do not fit to \(expressions.count) expressions.")
    self.names = names
    self.expressions = expressions
  }

  /// Reads the section `variables`.
  ///
  /// - Parameters:
  ///   - root: The configuration; `nil` is returned where it has no such section.
  ///   - schema: What the events consist of.
  /// - Throws: `ConfigurationError`, with a mark under the fault in an expression.
  public init?(_ root: ConfigurationNode, schema: EventSchema) throws(ConfigurationError) {
    guard root.contains("variables") else { return nil }
    let entries = try root.entries("variables")
    guard !entries.isEmpty else {
      throw root.fail(
        "variables", found: "empty", expected: "names with expressions, one at least")
    }
    var expressions: [EventExpression] = []
    for (_, node) in entries {
      let text = try node.asString()
      do throws(ExpressionError) {
        expressions.append(try EventExpression(text, schema: schema))
      } catch {
        throw ConfigurationError(
          code: .invalidValue, location: node.location,
          statement: "\(node.path) is not a variable: \(error.statement)",
          remedy: "\n" + error.caret)
      }
    }
    self.init(names: entries.map(\.name), expressions: expressions)
  }

  /// Returns the variables of each event of a batch.
  ///
  /// - Returns: Row by row; not-a-number where a variable is missing or infinite. Shape `[B, V]`.
  /// - Throws: ``ExpressionError``; see ``EventExpression/values(of:)``.
  public func values(of batch: EventBatch) throws(ExpressionError) -> [Float] {
    let combinations = ObjectCombinations(batch)
    var result = [Float](repeating: .nan, count: batch.eventCount * names.count)
    for (column, expression) in expressions.enumerated() {
      for (event, value) in try expression.evaluate(batch, combinations).enumerated() {
        let number = Float(value)
        result[event * names.count + column] = number.isFinite ? number : .nan
      }
    }
    return result
  }
}
