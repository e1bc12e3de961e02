// SPDX-License-Identifier: Apache-2.0

import Events
import ROOTIO
import Runtime
import Synchronization

/// The files that are scored, one behind the other, in ranges of entries.
///
/// A file is open while its ranges are read, so that a chain of many files needs no more memory than
/// a few.
final class ScoredFiles: Sendable {
  /// Some consecutive entries of a file.
  struct Part: Sendable {
    /// The index of the file.
    let file: Int
    let entries: Range<Int>
  }

  /// All entries of all files.
  let parts: [Part]
  /// The number of entries of all files.
  let entryCount: Int
  /// What identifies an event in all files, with the type that it has in them.
  ///
  /// Where files have other types, it is `int64`.
  let identifiers: [(name: String, type: ElementType)]

  private let paths: [String]
  private let events: EventsConfiguration
  private let open: Mutex<[Int: (file: EventFile, unread: Int)]>

  /// Opens each file once, so that one that cannot be scored is known before the first is.
  ///
  /// - Throws: What opening an `EventFile` throws.
  init(paths: [String], events: EventsConfiguration, entriesPerPart: Int) throws {
    self.paths = paths
    self.events = events
    var parts: [Part] = []
    var identifiers: [(name: String, type: ElementType)] = []
    var first: EventFile?
    for (index, path) in paths.enumerated() {
      try Interruption.check()
      let file = try EventFile(path: path, events: events)
      let starts = stride(from: 0, to: file.entryCount, by: entriesPerPart)
      parts += starts.map {
        Part(file: index, entries: $0..<min($0 + entriesPerPart, file.entryCount))
      }
      if index == 0 {
        first = file
        identifiers = file.identifiers
      } else {
        identifiers = identifiers.compactMap { name, type in
          file.identifiers.first { $0.name == name }.map { (name, $0.type == type ? type : .int64) }
        }
      }
    }
    self.parts = parts
    self.identifiers = identifiers
    entryCount = parts.reduce(0) { $0 + $1.entries.count }
    let unread = parts.count { $0.file == 0 }
    open = Mutex(first.map { unread > 0 ? [0: ($0, unread)] : [:] } ?? [:])
  }

  /// Reads a part; each is read once.
  ///
  /// - Parameters:
  ///   - part: The part.
  ///   - withIdentifiers: Whether ``identifiers`` are read, too.
  /// - Returns: The events that pass the selection, and the identifiers of all entries.
  /// - Throws: What reading an `EventFile` throws.
  func read(_ part: Part, withIdentifiers: Bool) throws -> (EventBatch, [Column]) {
    let file = try file(part.file)
    let batch = try file.events(in: part.entries)
    guard withIdentifiers else { return (batch, []) }
    let known = try file.identifiers(in: part.entries)
    let columns = identifiers.compactMap { name, type in
      known.first { $0.name == name }.map { $0.values.elementType == type ? $0 : $0.asInt64 }
    }
    return (batch, columns)
  }

  /// Returns a file, which is closed after the last of its parts.
  private func file(_ index: Int) throws -> EventFile {
    try open.withLock { open in
      let known = open[index]
      let file = try known?.file ?? EventFile(path: paths[index], events: events)
      let unread = (known?.unread ?? parts.count { $0.file == index }) - 1
      open[index] = unread > 0 ? (file, unread) : nil
      return file
    }
  }
}

extension Column {
  /// The column with whole numbers of 64 bits; what is larger keeps its bits.
  fileprivate var asInt64: Column {
    func converted(_ values: [some FixedWidthInteger]) -> ColumnValues {
      .int64(values.map { Int64(truncatingIfNeeded: $0) })
    }
    let values: ColumnValues =
      switch self.values {
      case .int8(let values): converted(values)
      case .uint8(let values): converted(values)
      case .int16(let values): converted(values)
      case .uint16(let values): converted(values)
      case .int32(let values): converted(values)
      case .uint32(let values): converted(values)
      case .int64(let values): converted(values)
      case .uint64(let values): converted(values)
      case .bool, .float32, .float64, .string: self.values
      }
    return Column(name: name, values: values)
  }
}
