// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTP
import ROOTIO
import Runtime

/// The number of entries that are read at a time.
private let chunkEntries = 20_000

/// Makes an event store of a sample, or finds that the one that is there is up to date.
///
/// A store is up to date if it was made by the same configuration from files with the same
/// contents. Files of the same size and time of change are taken to be unchanged; others are
/// compared by checksum. Of a file on a server size and entity tag, or time of change, must be the
/// same; without either it is read anew.
///
/// - Parameters:
///   - sample: The files, and what is special about them.
///   - events: How columns become events.
///   - folder: Where the store will be; a store that is there is replaced.
///   - progress: Shows how far the work is.
///   - program: The program with its version, for the manifest.
/// - Returns: The store's manifest.
/// - Throws: ``PreparationError``; ``LuminosityMaskError``; `ROOTFileError` for a damaged file;
///   `ConfigurationError` for files that are not there; `FileSystemError`; `InterruptedError`,
///   after which nothing is left behind.
@discardableResult
public func prepare(
  sample: SampleConfiguration, events: EventsConfiguration, into folder: String,
  progress: ProgressReporter, program: String = "lorentz"
) throws -> StoreManifest {
  let files = try sample.matchingFiles()
  let mask = try sample.luminosityMask.map { try LuminosityMask(path: $0) }
  let configuration =
    "events:\n\(indented(events.text))sample:\n\(indented(sample.text))"
    + (mask.map { "luminosityMask: \($0.checksum)\n" } ?? "")
  if let manifest = upToDate(folder, configuration: configuration, files: files) { return manifest }

  var assembler = EventAssembler(events: events, sample: sample, mask: mask)
  let writer = try EventStoreWriter(
    folder: folder, schema: assembler.schema, sample: sample.name, program: program)
  writer.manifest.configuration = configuration
  writer.manifest.configurationFingerprint = fingerprint(configuration)
  let sources = try files.map { try ROOTColumnSource(path: $0, trees: events.trees) }
  // All files are checked before the first is read: a long run does not end with a wrong name.
  for source in sources {
    _ = try assembler.columns(in: source)
    _ = try assembler.identifierColumns(in: source)
  }
  let total = sources.reduce(0) { $0 + $1.entryCount }
  var done = 0
  for (index, source) in sources.enumerated() where !assembler.isFull {
    let entries = try read(source, index: index, assembler: &assembler, writer: writer) {
      entries, count in
      progress.update(
        task: "prepare \(sample.name)", done: done + entries, total: total, unit: "entries",
        detail: "\(count) events")
    }
    done += entries
    writer.manifest.sources.append(
      try describe(source, entries: entries))
  }
  writer.manifest.cutFlow = assembler.cutFlow
  guard assembler.eventCount > 0 else {
    let flow = assembler.cutFlow.map { "\n    \($0.passed)  \($0.name)" }.joined()
    throw PreparationError(
      .noEvents, sample: sample.name, file: nil,
      "no event passed. The number of events after each cut:\(flow)")
  }
  return try writer.finish()
}

/// Reads one source into a writer and returns the number of entries read.
private func read(
  _ source: some ColumnSource, index: Int, assembler: inout EventAssembler,
  writer: EventStoreWriter, report: (_ entries: Int, _ events: Int) -> Void
) throws -> Int {
  let names = try assembler.columns(in: source)
  let identifierNames = try assembler.identifierColumns(in: source)
  let ranges = stride(from: 0, to: source.entryCount, by: chunkEntries)
    .map { $0..<min($0 + chunkEntries, source.entryCount) }
  // A sample with a limit may be full after the first chunk: nothing is read for nothing.
  let ahead = assembler.sample.maximumEvents == nil ? 1 : 0
  let chunks = ReadAhead(count: ranges.count, ahead: ahead) { number in
    try Interruption.check()
    return try EntryColumns(
      source, names: names, identifiers: identifierNames, entries: ranges[number])
  }
  var done = 0
  try chunks.consume { columns in
    let (batch, origins) = try assembler.assemble(columns, of: source.name, index: index)
    try writer.append(batch, origins: origins)
    done = columns.entries.upperBound
    report(done, assembler.eventCount)
    return !assembler.isFull
  }
  return done
}

/// The columns of some consecutive entries of a source, as they are read.
private struct EntryColumns: Sendable {
  let entries: Range<Int>
  let names: [String]
  let values: [Column]
  /// Those of run, luminosity block and event; `nil` for what is not known.
  let identifiers: [Column?]

  init(
    _ source: some ColumnSource, names: [String], identifiers: [String?], entries: Range<Int>
  ) throws {
    self.entries = entries
    self.names = names
    values = try source.read(names, entries: entries)
    var known = try source.read(identifiers.compactMap { $0 }, entries: entries)[...]
    self.identifiers = identifiers.map { $0 == nil ? nil : known.removeFirst() }
  }
}

extension EventAssembler {
  /// Reads a range of entries and makes its events.
  package mutating func assemble(
    _ source: some ColumnSource, names: [String], identifiers: [String?], entries: Range<Int>,
    index: Int
  ) throws -> (EventBatch, [EventOrigin]) {
    let columns = try EntryColumns(
      source, names: names, identifiers: identifiers, entries: entries)
    return try assemble(columns, of: source.name, index: index)
  }

  fileprivate mutating func assemble(
    _ columns: EntryColumns, of file: String, index: Int
  ) throws -> (EventBatch, [EventOrigin]) {
    for (name, column) in zip(columns.names, columns.values) {
      try checkShape(of: column, name: name, file: file)
    }
    let chunk = try ColumnChunk(
      columns.values, names: columns.names, entries: columns.entries, sample: sample.name,
      file: file, events: events)
    let identifiers = columns.identifiers.map { column in
      column.map(integers) ?? Array(repeating: nil, count: columns.entries.count)
    }
    return try assemble(chunk, identifiers: identifiers, source: index)
  }

  /// Returns the values of a column as integers, `nil` where they are none or negative.
  private func integers(_ column: Column) -> [Int?] {
    if column.offsets != nil { return Array(repeating: nil, count: column.entryCount) }
    return switch column.values {
    // An event number may be larger than what double precision holds exactly.
    case .uint64(let values): values.map { Int(exactly: $0) }
    case .int64(let values): values.map { $0 < 0 ? nil : Int($0) }
    default: column.doubles().map { value in Int(exactly: value).flatMap { $0 < 0 ? nil : $0 } }
    }
  }
}

// MARK: - Up to date

private func fingerprint(_ configuration: String) -> String {
  var hash = Checksum()
  hash.update("format \(StoreManifest.currentFormatVersion)\n\(configuration)")
  return hash.hexadecimal
}

private func indented(_ text: String) -> String {
  text.split(separator: "\n").map { "  \($0)\n" }.joined()
}

/// Returns the manifest of a store that need not be made again.
private func upToDate(_ folder: String, configuration: String, files: [String]) -> StoreManifest? {
  // A store that cannot be opened is made again, whatever is wrong with it.
  guard let manifest = try? EventStore(path: folder).manifest,
    manifest.configurationFingerprint == fingerprint(configuration)
  else { return nil }
  // A sample that was full early has read only the first of its files.
  let known = manifest.sources
  guard known.count == files.count || manifest.isFull, known.count <= files.count else {
    return nil
  }
  return zip(known, files).allSatisfy(isUnchanged) ? manifest : nil
}

private func isUnchanged(_ source: StoreManifest.Source, _ file: String) -> Bool {
  guard source.path == absolute(file) else { return false }
  if isWebAddress(file) {
    guard let remote = try? RemoteFile(file, startLength: 1), remote.size == source.size else {
      return false
    }
    return remote.version.map { serverChecksum($0) == source.checksum } ?? false
  }
  guard let (size, time) = sizeAndTime(file), size == source.size else { return false }
  return time == source.modificationTime || (try? Checksum.ofFile(file)) == source.checksum
}

extension StoreManifest {
  /// Whether the sample's limit on the number of events ended it.
  fileprivate var isFull: Bool {
    cutFlow.last.map { $0.name == "the first \($0.passed) events" } ?? false
  }
}

private func describe(_ source: ROOTColumnSource, entries: Int) throws -> StoreManifest.Source {
  let file = source.name
  if isWebAddress(file) {
    return .init(
      path: file, size: source.file.size, modificationTime: 0,
      checksum: serverChecksum(source.file.serverVersion ?? "unknown"), tree: source.treeName,
      entries: entries)
  }
  let (size, time) = sizeAndTime(file) ?? (0, 0)
  return .init(
    path: absolute(file), size: size, modificationTime: time, checksum: try Checksum.ofFile(file),
    tree: source.treeName, entries: entries)
}

/// What stands for the checksum of a file on a server, all of which was not read: its entity tag or
/// the time of its last change.
private func serverChecksum(_ version: String) -> String { "server:" + version }

private func absolute(_ file: String) -> String {
  isWebAddress(file) ? file : URL(fileURLWithPath: file).standardized.path
}

private func sizeAndTime(_ file: String) -> (size: Int, time: Double)? {
  var status = stat()
  guard stat(file, &status) == 0 else { return nil }
  let time = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) * 1e-9
  return (Int(status.st_size), time)
}
