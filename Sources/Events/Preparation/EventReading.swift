// SPDX-License-Identifier: Apache-2.0

/// Reads the events of one file, without labels or weights, a range of entries at a time.
///
/// - Parameters:
///   - path: The ROOT file.
///   - events: How columns become events.
///   - entriesPerChunk: The number of entries read at a time.
///   - body: Is given the events that pass, whose `eventIndices` are entries of the file; the
///     range of entries; and the number of entries of the file.
/// - Throws: `ROOTFileError` or ``PreparationError`` for bad files, and what the closure throws.
public func readEvents(
  of path: String, events: EventsConfiguration, entriesPerChunk: Int = 4096,
  _ body: (EventBatch, Range<Int>, Int) throws -> Void
) throws {
  var assembler = EventAssembler(events: events, sample: SampleConfiguration(file: path))
  let source = try ROOTColumnSource(path: path, tree: events.tree)
  let names = try assembler.columns(in: source)
  let identifiers = try assembler.identifierColumns(in: source)
  for start in stride(from: 0, to: source.entryCount, by: entriesPerChunk) {
    let range = start..<min(start + entriesPerChunk, source.entryCount)
    var (batch, origins) = try assembler.assemble(
      source, names: names, identifiers: identifiers, entries: range, index: 0)
    batch.eventIndices = origins.map { $0.entry ?? 0 }
    try body(batch, range, source.entryCount)
  }
}
