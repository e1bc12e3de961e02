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
    var places: [ObjectPlace] = []
    // Not asked of the configuration for every event: threads would contend for its reference counts.
    let (isLimited, minimumObjects) = (sample.maximumEvents != nil, events.minimumObjects)
    let (hasMask, dropsDuplicates) = (identityCuts.mask != nil, identityCuts.dropsDuplicates)
    let label = Int32(sample.label ?? -1)
    for entry in 0..<chunk.entries.count {
      if isLimited, isFull { break }
      var cut = 0
      cutFlow[cut].passed += 1
      let number = chunk.entries.lowerBound + entry
      let origin = EventOrigin(
        run: identifiers[0][entry], luminosityBlock: identifiers[1][entry],
        event: identifiers[2][entry], source: source, entry: number)
      if hasMask {
        guard try identityCuts.isCertified(origin, in: chunk) else { continue }
        cut += 1
        cutFlow[cut].passed += 1
      }
      guard
        selections.allSatisfy({ selection in
          guard isTrue(selection[entry]) else { return false }
          cut += 1
          cutFlow[cut].passed += 1
          return true
        })
      else { continue }
      if dropsDuplicates {
        guard try identityCuts.isNew(origin, in: chunk) else { continue }
        cut += 1
        cutFlow[cut].passed += 1
      }
      try find(&places, in: collections, entry)
      if minimumObjects > 0 {
        guard places.count >= minimumObjects else { continue }
        cut += 1
        cutFlow[cut].passed += 1
      }
      if isLimited { cutFlow[cut + 1].passed += 1 }
      guard weights[entry].isFinite, abs(weights[entry]) <= Double(Float.greatestFiniteMagnitude)
      else {
        throw PreparationError(
          .invalidValue, sample: sample.name, file: chunk.file,
          "the weight is \(ColumnChunk.words(weights[entry])) in entry \(number); expected a finite "
            + "number.")
      }
      for place in places { collections[place.collection].append(place, to: &batch) }
      for values in scalars { batch.scalars.append(Float(values[entry])) }
      batch.offsets.append(batch.kinds.count)
      batch.eventIndices.append(eventCount)
      batch.weights.append(Float(weights[entry]))
      batch.labels.append(label)
      origins.append(origin)
      eventCount += 1
    }
    if let fault = EventFault.first(in: batch) {
      throw PreparationError(
        .invalidValue, sample: sample.name, file: chunk.file, fault.statement + ".")
    }
    return (batch, origins)
  }

  /// Finds the objects of an event: kinds in the order of the schema, each by falling pt.
  private func find(
    _ places: inout [ObjectPlace], in collections: [ObjectColumns], _ entry: Int
  ) throws {
    places.removeAll(keepingCapacity: true)
    for (number, collection) in collections.enumerated() {
      try collection.append(objectsOf: entry, as: number, to: &places)
    }
    places.sortFrom(0)
  }
}
