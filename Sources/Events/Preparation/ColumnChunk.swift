// SPDX-License-Identifier: Apache-2.0

import ROOTIO

/// The columns of some consecutive entries of a file, as expressions see them.
struct ColumnChunk {
  let sample: String
  let file: String
  let entries: Range<Int>
  /// As stored: for selections and weights.
  private let raw: [String: ExpressionValue]
  /// With markers of missing values made not-a-number: for objects and scalars.
  private let marked: [String: ExpressionValue]

  /// Checks that columns are numbers.
  ///
  /// - Throws: ``PreparationError`` for not-a-number or infinity that no marker allows.
  init(
    _ columns: [Column], names: [String], entries: Range<Int>, sample: String, file: String,
    events: EventsConfiguration
  ) throws {
    self.sample = sample
    self.file = file
    self.entries = entries
    var raw: [String: ExpressionValue] = [:]
    var marked: [String: ExpressionValue] = [:]
    // A marker such as -999.9 is stored in single precision more often than not.
    let markers = events.missingMarkers + events.missingMarkers.map { Double(Float($0)) }
    for (name, column) in zip(names, columns) {
      let value = ExpressionValue(column)
      for (position, number) in value.values.enumerated() where !number.isFinite {
        if number.isNaN && events.missingIncludesNaN { continue }
        let entry = entries.lowerBound + value.entry(ofPosition: position)
        throw PreparationError(
          .invalidValue, sample: sample, file: file,
          "the column \(name) is \(Self.words(number)) in entry \(entry).",
          remedy: number.isNaN
            ? "If that means missing, write missing: nan, or add nan to its list."
            : "Every value of a column that is used has to be finite.")
      }
      raw[name] = value
      marked[name] = markers.isEmpty ? value : value.map { markers.contains($0) ? .nan : $0 }
    }
    self.raw = raw
    self.marked = marked
  }

  /// Computes an expression of a selection or a weight.
  func evaluate(_ expression: ColumnExpression, role: String) throws -> ExpressionValue {
    try located(role) {
      try expression.evaluate(firstEntry: entries.lowerBound) { raw[$0] ?? .constant(.nan) }
    }
  }

  /// Computes an expression of an object or a scalar; names in `local` come before columns.
  ///
  /// - Throws: ``PreparationError``, also where the result is not a number and nothing that it was
  ///   computed from was missing.
  func evaluate(
    _ expression: ColumnExpression, role: String, local: [String: ExpressionValue]
  ) throws -> ExpressionValue {
    let value = try located(role) {
      try expression.evaluate(firstEntry: entries.lowerBound) {
        local[$0] ?? marked[$0] ?? .constant(.nan)
      }
    }
    let inputs = expression.columns.compactMap { local[$0] ?? marked[$0] }
    var entriesWithMissing: Set<Int>?
    for (position, number) in value.values.enumerated() where !number.isFinite {
      let entry = value.entry(ofPosition: position)
      if number.isNaN {
        let missing =
          entriesWithMissing
          ?? Self.entriesWithMissing(inputs, shortestList: (expression.largestElement ?? 0) + 1)
        entriesWithMissing = missing
        if missing.contains(entry) { continue }
      }
      throw PreparationError(
        .invalidValue, sample: sample, file: file,
        "\(role), \(expression), is \(Self.words(number)) in entry "
          + "\(entries.lowerBound + entry); expected a finite number.",
        remedy: "Change the expression, or keep such entries out by a selection.")
    }
    return value
  }

  /// Returns one value per entry for an expression that must have one.
  func flat(
    _ value: ExpressionValue, _ expression: ColumnExpression, role: String
  ) throws -> [Double] {
    switch value {
    case .constant(let number): return Array(repeating: number, count: entries.count)
    case .flat(let numbers): return numbers
    case .jagged:
      throw PreparationError(
        .invalidExpression, sample: sample, file: file,
        "\(role), \(expression), is a list per event; expected one value.",
        remedy:
          "Make one of it with sum, min, max, any, all, count or length, or take an element: x[0].")
    }
  }

  /// The entries in which some input is missing, or is a list too short for what is asked of it.
  private static func entriesWithMissing(
    _ inputs: [ExpressionValue], shortestList: Int
  ) -> Set<Int> {
    var result: Set<Int> = []
    for input in inputs {
      for (position, number) in input.values.enumerated() where number.isNaN {
        result.insert(input.entry(ofPosition: position))
      }
      if case .jagged(_, let offsets) = input {
        for entry in 0..<offsets.count - 1
        where offsets[entry + 1] - offsets[entry] < shortestList {
          result.insert(entry)
        }
      }
    }
    return result
  }

  /// Returns how a number is written; undefined ones have a sign that says nothing.
  static func words(_ number: Double) -> String { number.isNaN ? "nan" : "\(number)" }

  private func located<R>(_ role: String, _ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as ExpressionError {
      throw PreparationError(
        .invalidExpression, sample: sample, file: file, "\(role): \(error.statement)",
        remedy: "\n" + error.caret)
    }
  }
}
