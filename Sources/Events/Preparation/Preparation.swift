// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime

/// Selects the events of a sample and writes them into a store.
///
/// A store that was made from the same files with the same configuration is used as it is.
///
/// - Parameters:
///   - sample: The files, label, weight and further selection.
///   - events: How events are made of columns.
///   - folder: Where the store goes.
///   - progress: Is told how far it is.
/// - Returns: The store's manifest, with the cut flow.
/// - Throws: `ROOTFileError` for damaged files and missing columns; ``PreparationError`` for bad
///   values, expressions and empty selections; `InterruptedError` on Ctrl-C. No store is then
///   left behind, and one that was there stays.
public func prepare(
  sample: SampleConfiguration, events: EventsConfiguration, into folder: String,
  progress: ProgressReporter
) throws -> StoreManifest {
  let files = try sample.resolvedFiles()
  let fingerprint = FingerprintText.of([events.text, sample.text])
  if let manifest = upToDate(folder, fingerprint: fingerprint, files: files) { return manifest }
  let writer = try EventStoreWriter(folder: folder, schema: events.schema, sample: sample.name)
  writer.manifest.configuration = events.text + sample.text
  writer.manifest.configurationFingerprint = fingerprint
  let cuts = EventReader.cutNames(sample: sample, events: events)
  var passed = [Int](repeating: 0, count: cuts.count)
  let maximum = sample.maximumEvents ?? .max
  var kept = 0
  for (index, path) in files.enumerated() where kept < maximum {
    let reader = try EventReader(path: path, sourceIndex: index, sample: sample, events: events)
    let size = 50_000
    var start = 0
    while start < reader.tree.entryCount, kept < maximum {
      try Interruption.check()
      let end = min(start + size, reader.tree.entryCount)
      var chunk = try reader.read(entries: start..<end)
      if kept + chunk.batch.eventCount > maximum {
        let room = maximum - kept
        chunk.batch = chunk.batch.selecting(0..<room)
        chunk.origins = Array(chunk.origins.prefix(room))
      }
      for cut in chunk.passed.indices { passed[cut] += chunk.passed[cut] }
      try writer.append(chunk.batch, origins: chunk.origins)
      kept += chunk.batch.eventCount
      start = end
      progress.update(
        task: "prepare \(sample.name)", done: end, total: reader.tree.entryCount, unit: "entries",
        detail: URL(fileURLWithPath: path).lastPathComponent)
    }
    writer.manifest.sources.append(
      try source(path, tree: reader.tree.name, entries: reader.tree.entryCount))
  }
  writer.manifest.cutFlow = zip(cuts, passed).map { StoreManifest.Cut(name: $0, passed: $1) }
  if let limit = sample.maximumEvents {
    writer.manifest.cutFlow.append(.init(name: "at most \(limit) events", passed: kept))
  }
  guard kept > 0 else {
    let flow = writer.manifest.cutFlow.map { "\($0.name): \($0.passed)" }
    throw PreparationError(
      code: .emptySelection,
      "cannot prepare sample \(sample.name): no event passes the selection. Events that passed, "
        + "cut by cut: \(flow.joined(separator: "; ")). Loosen the first cut that leaves none.")
  }
  return try writer.finish()
}

/// Reads the events of one file, without labels or weights, a range of entries at a time.
///
/// - Parameters:
///   - path: The ROOT file.
///   - events: How events are made of columns.
///   - body: Is given the events that pass, whose `eventIndices` are entries of the file; the
///     range of entries; and the number of entries of the file.
/// - Throws: `ROOTFileError` or ``PreparationError`` for bad files, and what the closure throws.
public func readEvents(
  of path: String, events: EventsConfiguration,
  _ body: (EventBatch, Range<Int>, Int) throws -> Void
) throws {
  let reader = try EventReader(
    path: path, sourceIndex: 0, sample: SampleConfiguration(file: path), events: events)
  let total = reader.tree.entryCount
  for start in stride(from: 0, to: total, by: 4096) {
    let range = start..<min(start + 4096, total)
    try body(reader.read(entries: range).batch, range, total)
  }
}

/// Returns the manifest of a store that needs no new preparation.
private func upToDate(
  _ folder: String, fingerprint: String, files: [String]
) -> StoreManifest? {
  guard let manifest = try? EventStore.manifest(of: folder),
    manifest.configurationFingerprint == fingerprint, manifest.sources.map(\.path) == files,
    manifest.sources.allSatisfy({ source in
      fileState(source.path).map { $0 == (source.size, source.modificationTime) } ?? false
    })
  else { return nil }
  return manifest
}

private func fileState(_ path: String) -> (size: Int, modificationTime: Double)? {
  var status = stat()
  guard stat(path, &status) == 0 else { return nil }
  let time = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) * 1e-9
  return (Int(status.st_size), time)
}

private func source(_ path: String, tree: String, entries: Int) throws -> StoreManifest.Source {
  guard let state = fileState(path) else {
    throw FileSystemError(operation: "read", path: path, errorNumber: errno)
  }
  return StoreManifest.Source(
    path: path, size: state.size, modificationTime: state.modificationTime,
    checksum: try Checksum.ofFile(path), tree: tree, entries: entries)
}

/// The short text that stands for a configuration.
private enum FingerprintText {
  static func of(_ texts: [String]) -> String {
    var checksum = Checksum()
    for text in texts { checksum.update(text) }
    return checksum.hexadecimal
  }
}
