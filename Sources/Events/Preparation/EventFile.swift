// SPDX-License-Identifier: Apache-2.0

import ROOTIO

/// The events of one file, without labels or weights, read a range of entries at a time.
///
///     let file = try EventFile(path: "muons.root", events: configuration.events)
///     let batch = try file.events(in: 0..<1024)
///
/// Threads may read ranges at the same time. Those that follow one another cost least; see
/// `TreeScan`.
public struct EventFile: Sendable {
  /// Number of entries of the file.
  public let entryCount: Int
  /// What identifies an event, of `run`, `luminosityBlock` and `event` those that the file has as one
  /// whole number for each entry, with their types.
  public let identifiers: [(name: String, type: ElementType)]
  private let path: String
  private let assembler: EventAssembler
  private let columns: [String]
  private let scan: TreeScan
  private let identifierScan: TreeScan

  /// Opens a file and checks that it has the columns.
  ///
  /// - Parameters:
  ///   - path: The ROOT file.
  ///   - events: How columns become events.
  /// - Throws: `ROOTFileError` if the file cannot be read, ``PreparationError`` if it lacks a
  ///   column.
  public init(path: String, events: EventsConfiguration) throws {
    self.path = path
    assembler = EventAssembler(events: events, sample: SampleConfiguration(file: path))
    let source = try ROOTColumnSource(path: path, trees: events.trees)
    columns = try assembler.columns(in: source)
    let known = zip(
      EventsConfiguration.identifierNames, try assembler.identifierColumns(in: source)
    ).compactMap { name, column in
      column.flatMap { column in
        source.integerType(of: column).map { (name: name, column: column, type: $0) }
      }
    }
    identifiers = known.map { ($0.name, $0.type) }
    identifierScan = try source.scan(known.map(\.column))
    scan = try source.scan(columns)
    entryCount = source.entryCount
  }

  /// Reads what identifies the events of a range of entries, whether they pass the selection or not.
  ///
  /// - Parameter entries: The entries, within `0..<entryCount`.
  /// - Returns: A column for each of ``identifiers``, of its name and type.
  /// - Throws: `ROOTFileError` for a damaged file.
  public func identifiers(in entries: Range<Int>) throws -> [Column] {
    zip(identifiers, try identifierScan.read(entries: entries)).map { identifier, column in
      Column(name: identifier.name, values: column.values)
    }
  }

  /// Reads the events of a range of entries that pass the selection.
  ///
  /// - Parameter entries: The entries, within `0..<entryCount`.
  /// - Returns: The events; their `eventIndices` are entries of the file.
  /// - Throws: `ROOTFileError` for a damaged file, ``PreparationError`` for values that cannot be
  ///   used.
  public func events(in entries: Range<Int>) throws -> EventBatch {
    var assembler = assembler
    let chunk = try ColumnChunk(
      scan.read(entries: entries), names: columns, entries: entries,
      sample: assembler.sample.name, file: path, events: assembler.events)
    let unknown = [Int?](repeating: nil, count: entries.count)
    var (batch, origins) = try assembler.assemble(
      chunk, identifiers: EventsConfiguration.identifierNames.map { _ in unknown }, source: 0)
    batch.eventIndices = origins.map { $0.entry ?? 0 }
    return batch
  }
}
