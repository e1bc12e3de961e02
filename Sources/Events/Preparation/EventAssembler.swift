// SPDX-License-Identifier: Apache-2.0

import ROOTIO
import Runtime

/// Makes events of columns, chunk by chunk, and counts what passes each cut.
package struct EventAssembler {
  package let events: EventsConfiguration
  package let sample: SampleConfiguration
  package let schema: EventSchema
  /// The number of events that passed each cut, in order.
  package private(set) var cutFlow: [StoreManifest.Cut]
  /// The number of events made.
  package private(set) var eventCount = 0
  private var identityCuts: IdentityCuts
  /// Of each column, whether its entries are lists, and the first file that said so.
  private var shapes: [String: (isList: Bool, file: String)] = [:]

  /// Prepares to make events.
  ///
  /// - Parameters:
  ///   - events: How columns become events.
  ///   - sample: The files, and what is special about them.
  ///   - mask: The luminosity blocks that count; `nil` for all.
  package init(
    events: EventsConfiguration, sample: SampleConfiguration, mask: LuminosityMask? = nil
  ) {
    self.events = events
    self.sample = sample
    identityCuts = IdentityCuts(mask: mask, dropsDuplicates: sample.dropsDuplicates)
    schema = events.schema
    var names = ["all entries"]
    if mask != nil { names.append("certified luminosity blocks") }
    if let selection = events.selection { names.append("selection: \(selection)") }
    if let selection = sample.selection { names.append("selection of the sample: \(selection)") }
    if sample.dropsDuplicates { names.append("not seen before") }
    if events.minimumObjects > 0 { names.append("at least \(events.minimumObjects) objects") }
    if let maximum = sample.maximumEvents { names.append("the first \(maximum) events") }
    cutFlow = names.map { .init(name: $0, passed: 0) }
  }

  /// Whether as many events were made as the sample may have.
  package var isFull: Bool { eventCount >= sample.maximumEvents ?? .max }

  /// Every expression with what it is for, and the names that are no columns.
  private var expressions: [(role: String, expression: ColumnExpression, local: Set<String>)] {
    var result: [(role: String, expression: ColumnExpression, local: Set<String>)] = []
    if let selection = events.selection { result.append(("the selection", selection, [])) }
    if let selection = sample.selection {
      result.append(("the selection of the sample", selection, []))
    }
    if let weight = sample.weight { result.append(("the weight", weight, [])) }
    for object in events.objects {
      let local = Set(["pt", "phi", "eta", "mass"] + object.kind.features)
      for (role, expression) in object.expressions {
        result.append(("the \(role)", expression, role.hasPrefix("cuts of") ? local : []))
      }
    }
    for (name, expression) in events.scalars {
      result.append(("the scalar \(name)", expression, []))
    }
    return result
  }

  /// Returns the columns that must be read, in order of first use.
  ///
  /// - Throws: ``PreparationError`` if the source lacks one, or has one that is no number.
  package func columns(in source: some ColumnSource) throws -> [String] {
    var names: [String] = []
    for (role, expression, local) in expressions {
      for name in expression.columns where !local.contains(name) && !names.contains(name) {
        try check(name, of: expression, role: role, local: local, in: source)
        names.append(name)
      }
    }
    return names
  }

  private func check(
    _ name: String, of expression: ColumnExpression, role: String, local: Set<String>,
    in source: some ColumnSource
  ) throws {
    let statement: String
    switch source.status(of: name) {
    case .readable: return
    case .unreadable(let reason): statement = "the column \(name) cannot be used: \(reason)."
    case .missing:
      let kind = schema.objectKinds.first { name == $0.name || name.hasPrefix($0.name + ".") }
      statement =
        "there is no column \(name)."
        + (kind.map {
          " \($0.name) is a kind of object, and objects are not known here, only columns of the "
            + "file; the section variables knows them."
        } ?? nearestNamesHint(for: name, among: Array(local).sorted() + source.columnNames))
    }
    throw PreparationError(
      .unusableColumn, sample: sample.name, file: source.name, "\(role): \(statement)",
      remedy: "\n" + expression.error(.unknownColumn, column: name, statement).caret)
  }

  /// Returns the columns that identify an event in a source, where it has them.
  ///
  /// - Throws: ``PreparationError`` if a column that the configuration names is not there, or one
  ///   that the luminosity mask or the search for duplicates needs.
  package func identifierColumns(in source: some ColumnSource) throws -> [String?] {
    try EventsConfiguration.identifierNames.map { key in
      if let name = events.identifiers[key] {
        guard source.status(of: name) == .readable else {
          throw PreparationError(
            .unusableColumn, sample: sample.name, file: source.name,
            "the identifier \(key): there is no usable column \(name)."
              + nearestNamesHint(for: name, among: source.columnNames))
        }
        return name
      }
      if source.status(of: key) == .readable { return key }
      guard let user = identityCuts.user(of: key) else { return nil }
      throw PreparationError(
        .unusableColumn, sample: sample.name, file: source.name,
        "there is no usable column \(key), which the \(user) needs."
          + nearestNamesHint(for: key, among: source.columnNames),
        remedy: "Name it in events.identifiers, as in {\(key): COLUMN}.")
    }
  }

  /// Checks that a column is of one number, or of lists, in all files alike.
  ///
  /// A number of the event stands for one of each of its objects, so that a file in which a column of
  /// objects is no list would go unnoticed.
  ///
  /// - Throws: ``PreparationError``.
  mutating func checkShape(of column: Column, name: String, file: String) throws {
    let isList = column.offsets != nil
    guard let known = shapes[name] else {
      shapes[name] = (isList, file)
      return
    }
    guard known.isList != isList else { return }
    let words = [true: "a list", false: "one number"]
    throw PreparationError(
      .unusableColumn, sample: sample.name, file: file,
      "the column \(name) is \(words[isList] ?? "") in each entry, but \(words[known.isList] ?? "") "
        + "in \(known.file).",
      remedy: "Prepare files that mean different things by it as two samples, each with a section "
        + "events of its own.")
  }

  /// Makes the events of a chunk, until the sample is full.
  ///
  /// - Parameters:
  ///   - chunk: The columns.
  ///   - identifiers: The run, luminosity block and event number of each entry, where known.
  ///   - source: The position of the file in the manifest.
  /// - Returns: The events and where they come from.
  /// - Throws: ``PreparationError``.
  mutating func assemble(
    _ chunk: ColumnChunk, identifiers: [[Int?]], source: Int
  ) throws -> (EventBatch, [EventOrigin]) {
    var selections: [[Double]] = []
    for (expression, role) in [
      (events.selection, "the selection"), (sample.selection, "the selection of the sample"),
    ] {
      guard let expression else { continue }
      let value = try chunk.evaluate(expression, role: role)
      selections.append(try chunk.flat(value, expression, role: role))
    }
    var weights = [Double](repeating: 1, count: chunk.entries.count)
    if let weight = sample.weight {
      let value = try chunk.evaluate(weight, role: "the weight")
      weights = try chunk.flat(value, weight, role: "the weight")
    }
    let scalars = try events.scalars.map { name, expression in
      let role = "the scalar \(name)"
      let value = try chunk.evaluate(expression, role: role, local: [:])
      return try chunk.flat(value, expression, role: role)
    }
    let collections = try events.objects.map { object in
      try ObjectColumns(
        object, kind: schema.index(ofKind: object.kind.name) ?? 0,
        featureWidth: schema.featureWidth, chunk: chunk)
    }

    var batch = EventBatch(schema: schema)
    var origins: [EventOrigin] = []
    let columns = Columns(
      selections: selections, weights: weights, scalars: scalars, collections: collections)
    var start = 0
    while start < chunk.entries.count, !isFull {
      // No entry behind the one that fills the sample is looked at: each makes one event at most.
      let room = (sample.maximumEvents ?? .max) - eventCount
      let end = start + min(room, chunk.entries.count - start)
      let candidates = (start..<end).map { entry in
        EventOrigin(
          run: identifiers[0][entry], luminosityBlock: identifiers[1][entry],
          event: identifiers[2][entry], source: source, entry: chunk.entries.lowerBound + entry)
      }
      let (passed, places) = try select(start..<end, candidates, columns, chunk)
      try append(passed, places, columns, chunk, to: &batch)
      origins += passed.map { candidates[$0 - start] }
      start = end
    }
    if let fault = EventFault.first(in: batch) {
      throw PreparationError(
        .invalidValue, sample: sample.name, file: chunk.file, fault.statement + ".")
    }
    return (batch, origins)
  }

  /// What was computed of a chunk, each column over all of its entries.
  private struct Columns {
    let selections: [[Double]]
    let weights: [Double]
    let scalars: [[Double]]
    let collections: [ObjectColumns]
  }

  /// Makes all cuts on some entries of a chunk, and counts what passes each.
  ///
  /// - Returns: The entries that pass, and the objects of each.
  private mutating func select(
    _ entries: Range<Int>, _ origins: [EventOrigin], _ columns: Columns, _ chunk: ColumnChunk
  ) throws -> (entries: [Int], places: [ObjectPlaces]) {
    var passed = Array(entries)
    var cut = 0
    func count(_ passed: Int) {
      cutFlow[cut].passed += passed
      cut += 1
    }
    count(passed.count)
    if identityCuts.mask != nil {
      passed = try passed.filter {
        try identityCuts.isCertified(origins[$0 - entries.lowerBound], in: chunk)
      }
      count(passed.count)
    }
    for selection in columns.selections {
      passed.removeAll { !isTrue(selection[$0]) }
      count(passed.count)
    }
    if identityCuts.dropsDuplicates {
      passed = try passed.filter {
        try identityCuts.isNew(origins[$0 - entries.lowerBound], in: chunk)
      }
      count(passed.count)
    }
    var places = try ObjectPlaces.byKind(columns.collections, entries: passed)
    if events.minimumObjects > 0 {
      let kept = passed.indices.filter { event in
        places.reduce(0) { $0 + $1.range(of: event).count } >= events.minimumObjects
      }
      if kept.count < passed.count {
        passed = kept.map { passed[$0] }
        for kind in places.indices { places[kind] = places[kind].selecting(kept) }
      }
      count(passed.count)
    }
    if sample.maximumEvents != nil { count(passed.count) }
    return (passed, places)
  }

  /// Appends the events of entries that passed all cuts.
  private mutating func append(
    _ entries: [Int], _ places: [ObjectPlaces], _ columns: Columns, _ chunk: ColumnChunk,
    to batch: inout EventBatch
  ) throws {
    let label = Int32(sample.label ?? -1)
    batch.appendObjects(places, of: columns.collections, eventCount: entries.count)
    for entry in entries {
      let weight = columns.weights[entry]
      guard weight.isFinite, abs(weight) <= Double(Float.greatestFiniteMagnitude) else {
        throw PreparationError(
          .invalidValue, sample: sample.name, file: chunk.file,
          "the weight is \(ColumnChunk.words(weight)) in entry \(chunk.entries.lowerBound + entry); "
            + "expected a finite number.")
      }
      for values in columns.scalars { batch.scalars.append(Float(values[entry])) }
      batch.eventIndices.append(eventCount)
      batch.weights.append(Float(weight))
      batch.labels.append(label)
      eventCount += 1
    }
  }
}
