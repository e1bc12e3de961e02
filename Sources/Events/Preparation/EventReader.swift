// SPDX-License-Identifier: Apache-2.0

import Foundation
import ROOTIO

/// Makes events of the columns of one file, a range of entries at a time.
struct EventReader {
  /// The events of a range of entries, and how many passed each cut.
  struct Chunk {
    var batch: EventBatch
    var origins: [EventOrigin]
    var passed: [Int]
  }

  let path: String
  let sourceIndex: Int
  let tree: Tree
  private let sample: SampleConfiguration
  private let events: EventsConfiguration
  private let columns: [String]
  private let identifiers: [String]

  /// The names of the cuts, in order.
  static func cutNames(
    sample: SampleConfiguration, events: EventsConfiguration
  ) -> [String] {
    ["entries"] + (events.selection + sample.selection).map(\.written)
      + ["at least \(events.minimumObjects) objects"]
  }

  /// Opens a file and finds the columns that are needed.
  ///
  /// - Throws: `ROOTFileError`; ``PreparationError`` with code `missingColumn`.
  init(
    path: String, sourceIndex: Int, sample: SampleConfiguration, events: EventsConfiguration
  ) throws {
    self.path = path
    self.sourceIndex = sourceIndex
    self.sample = sample
    self.events = events
    let file = try ROOTFile(path: path)
    tree = try events.tree.map { name throws(ROOTFileError) in try file.tree(name) }
      ?? file.onlyTree()
    var needed: [String] = []
    func add(_ expression: Expression?, without local: [String] = []) {
      for name in expression?.columns ?? [] where !local.contains(name) && !needed.contains(name) {
        needed.append(name)
      }
    }
    (events.selection + sample.selection).forEach { add($0) }
    add(sample.weight)
    events.scalars.forEach { add($0.expression) }
    for collection in events.collections {
      [collection.pt, collection.eta, collection.phi, collection.mass].forEach { add($0) }
      collection.features.forEach { add($0.expression) }
      add(
        collection.cuts,
        without: ["pt", "eta", "phi", "mass"] + collection.features.map(\.name))
    }
    // The branch's own error names the file, the tree and the nearest names.
    for name in needed { _ = try tree.branch(name) }
    columns = needed
    let names = Set(tree.branches.map(\.name))
    identifiers = ["run", "luminosityBlock", "event"].filter {
      names.contains($0) && !needed.contains($0)
    }
  }

  /// Reads the events of a range of entries.
  ///
  /// - Throws: `ROOTFileError`; ``PreparationError`` with code `badValue` or `badExpression`.
  func read(entries: Range<Int>) throws -> Chunk {
    var data: [String: ColumnData] = [:]
    var raw: [String: Column] = [:]
    for column in try tree.read(columns + identifiers, entries: entries) {
      raw[column.name] = column
      guard columns.contains(column.name) else { continue }
      let values = ColumnData(values: column.doubles(), offsets: column.offsets)
      try checkFinite(values, name: column.name, first: entries.lowerBound)
      data[column.name] = values
    }
    let count = entries.count
    var keeps = [Bool](repeating: true, count: count)
    var passed = [count]
    for cut in events.selection + sample.selection {
      let result = try eventValues(cut, data, count, entries.lowerBound, what: "a selection")
      for entry in 0..<count where !(result[entry] != 0 && !result[entry].isNaN) {
        keeps[entry] = false
      }
      passed.append(keeps.count { $0 })
    }
    let weights =
      try sample.weight.map {
        try eventValues($0, data, count, entries.lowerBound, what: "a weight")
      } ?? [Double](repeating: 1, count: count)
    let marked = data.mapValues(marking)
    let scalars = try events.scalars.map {
      try eventValues($0.expression, marked, count, entries.lowerBound, what: "a scalar")
    }
    var collections: [CollectionReader] = []
    for collection in events.collections {
      collections.append(
        try CollectionReader(
          collection, schema: events.schema, columns: marked, entryCount: count,
          firstEntry: entries.lowerBound, path: path))
    }
    var batch = EventBatch(schema: events.schema)
    var origins: [EventOrigin] = []
    for entry in 0..<count where keeps[entry] {
      var objects = try collections.flatMap { try $0.objects(of: entry) }
      guard objects.count >= events.minimumObjects else { continue }
      // By kind, then falling pT; equal ones keep the order of the file.
      objects = objects.enumerated().sorted {
        ($0.element.kind, -$0.element.pt, $0.offset) < ($1.element.kind, -$1.element.pt, $1.offset)
      }.map(\.element)
      guard weights[entry].isFinite else {
        throw badValue("the weight", weights[entry], entry: entries.lowerBound + entry)
      }
      batch.append(
        index: entries.lowerBound + entry, objects: objects,
        scalars: scalars.map { Float($0[entry]) }, weight: Float(weights[entry]),
        label: sample.label ?? -1)
      origins.append(
        EventOrigin(
          run: identifier("run", raw, entry), luminosityBlock: identifier("luminosityBlock", raw, entry),
          event: identifier("event", raw, entry), source: sourceIndex,
          entry: entries.lowerBound + entry))
    }
    passed.append(batch.eventCount)
    return Chunk(batch: batch, origins: origins, passed: passed)
  }

  private func identifier(_ name: String, _ raw: [String: Column], _ entry: Int) -> Int? {
    guard let column = raw[name], column.offsets == nil else { return nil }
    return switch column.values {
    case .int32(let values): Int(values[entry])
    case .uint32(let values): Int(values[entry])
    case .int64(let values): Int(values[entry])
    case .uint64(let values): Int(exactly: values[entry])
    default: nil
    }
  }

  private func marking(_ data: ColumnData) -> ColumnData {
    guard !events.missing.isEmpty else { return data }
    var result = data
    for index in result.values.indices where events.missing.contains(result.values[index]) {
      result.values[index] = .nan
    }
    return result
  }

  private func eventValues(
    _ expression: Expression, _ columns: [String: ColumnData], _ count: Int, _ first: Int,
    what: String
  ) throws -> [Double] {
    let result: ColumnData
    do {
      result = try expression.evaluate(columns, entryCount: count, firstEntry: first)
    } catch {
      throw PreparationError(code: .badExpression, "cannot read \(path): \(error)")
    }
    guard result.offsets == nil else {
      throw PreparationError(
        code: .badExpression,
        "cannot read \(path): \"\(expression.written)\" gives a list for each event, and \(what) "
          + "needs one number. Use any(...), all(...), count(...), sum(...), max(...) or min(...).")
    }
    return result.values
  }

  /// Infinity is never data; NaN is only where the configuration says that it means "missing".
  private func checkFinite(_ data: ColumnData, name: String, first: Int) throws {
    for (index, value) in data.values.enumerated() where !value.isFinite {
      if value.isNaN, events.allowsNaN { continue }
      let entry = data.offsets.map { offsets in (offsets.firstIndex { $0 > index } ?? 1) - 1 }
      throw badValue(name, value, entry: first + (entry ?? index))
    }
  }

  private func badValue(_ what: String, _ value: Double, entry: Int) -> PreparationError {
    PreparationError(
      code: .badValue,
      "cannot read \(path): \(what) is \(value) in entry \(entry) of \(tree.name); expected a "
        + "finite number. "
        + (value.isNaN
          ? "If NaN means a missing value there, add nan to events.missing."
          : "Exclude such events with the selection, or repair the file."))
  }
}
