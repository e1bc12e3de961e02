// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// Reads the values of one branch: its baskets on all processors, or those of a scan on the thread
/// that calls.
struct ColumnReader: BranchReader {
  let tree: Tree
  let branch: Branch
  let layout: BranchLayout
  let entries: Range<Int>
  /// The baskets of the branch that a scan has begun; `nil` where there is no scan.
  var begun: Begun<Int, OpenBasket>?

  var counter: String? {
    if case .counted(header: 0, multiple: 1, let counter) = layout.form { counter } else { nil }
  }

  func column(expected: [Int]?) throws(ROOTFileError) -> Column {
    if case .streamed(let leaf) = layout.form { return try streamedColumn(leaf) }
    if let packing = layout.packing { return try unpackedColumn(packing) }
    return switch layout.element {
    case .bool: try column(of: Bool.self, expected)
    case .int8: try column(of: Int8.self, expected)
    case .uint8: try column(of: UInt8.self, expected)
    case .int16: try column(of: Int16.self, expected)
    case .uint16: try column(of: UInt16.self, expected)
    case .int32: try column(of: Int32.self, expected)
    case .uint32: try column(of: UInt32.self, expected)
    case .int64: try column(of: Int64.self, expected)
    case .uint64: try column(of: UInt64.self, expected)
    case .float32: try column(of: Float.self, expected)
    case .float64: try column(of: Double.self, expected)
    case .string: try textColumn()
    case .other: preconditionFailure("A branch that has a layout has a type.")
    }
  }

  private func column<Scalar: ColumnScalar>(
    of type: Scalar.Type, _ expected: [Int]?
  ) throws(ROOTFileError) -> Column {
    if case .fixed(let count, let offset, let stride) = layout.form {
      return try fixedColumn(of: type, count: count, offset: offset, stride: stride)
    }
    return try jaggedColumn(of: type, expected: expected)
  }

  /// A basket that holds some of the wanted entries.
  struct Part: Sendable {
    /// The index of the basket in the branch.
    let index: Int
    let basket: Basket
    /// The wanted entries, counted from the first one of the basket.
    let wanted: Range<Int>
    /// Where the entries start in the column.
    let target: Int
  }

  /// Reads the headers of all baskets that hold wanted entries, before anything is allocated.
  func parts() throws(ROOTFileError) -> [Part] {
    var parts: [Part] = []
    guard !entries.isEmpty else { return [] }
    for index in branch.firstBasket(endingAfter: entries.lowerBound)..<branch.baskets.count {
      let location = branch.baskets[index]
      if location.entries.lowerBound >= entries.upperBound { break }
      let basket = try located(index) { () throws(DecodingFailure) in
        try location.basket(in: tree.storage)
      }
      let wanted = location.entries.clamped(to: entries)
      let start = location.entries.lowerBound
      parts.append(
        Part(
          index: index, basket: basket,
          wanted: (wanted.lowerBound - start)..<(wanted.upperBound - start),
          target: wanted.lowerBound - entries.lowerBound))
    }
    return parts
  }

  /// Adds file, branch and basket to a failure.
  func located<Result>(
    _ basket: Int?, _ body: () throws(DecodingFailure) -> Result
  ) throws(ROOTFileError) -> Result {
    do { return try body() } catch {
      throw error.located(
        file: tree.path, object: "\(tree.name)/\(branch.name)", basket: basket)
    }
  }

  private func fixedColumn<Scalar: ColumnScalar>(
    of type: Scalar.Type, count: Int, offset: Int, stride: Int
  ) throws(ROOTFileError) -> Column {
    let parts = try parts()
    for part in parts {
      let length = part.basket.fNevBuf.multipliedReportingOverflow(by: stride)
      if length.overflow || length.partialValue != part.basket.border {
        throw failure(
          part,
          "\(part.basket.fNevBuf) entries of \(stride) bytes announced in "
            + "\(part.basket.border) bytes of values")
      }
    }
    let (total, overflow) = entries.count.multipliedReportingOverflow(by: count)
    try requireMemory(for: overflow ? .max : total, of: type)
    var outcome: Result<Void, ROOTFileError> = .success(())
    let values = [Scalar](unsafeUninitializedCapacity: total) { buffer, initializedCount in
      // Every basket writes a range of its own.
      nonisolated(unsafe) let target = buffer.baseAddress
      outcome = concurrently(parts.count, isSerial: begun != nil) { index throws(ROOTFileError) in
        let part = parts[index]
        let basket = try opened(part) { part throws(ROOTFileError) in
          OpenBasket(values: try located(part.index, part.basket.contents).values)
        }
        basket.values.withBytes { bytes in
          guard let target, let source = bytes.baseAddress else { return }
          if stride == count * Scalar.width {
            Scalar.decode(
              source + part.wanted.lowerBound * stride, into: target + part.target * count,
              count: part.wanted.count * count)
          } else {
            for (row, entry) in part.wanted.enumerated() {
              Scalar.decode(
                source + entry * stride + offset, into: target + (part.target + row) * count,
                count: count)
            }
          }
        }
      }
      if case .success = outcome { initializedCount = total }
    }
    try outcome.get()
    let offsets = count == 1 ? nil : (0...entries.count).map { $0 * count }
    return Column(name: branch.name, values: Scalar.wrap(values), offsets: offsets)
  }

  func failure(_ part: Part, _ found: String) -> ROOTFileError {
    DecodingFailure.corrupted(found, at: nil).located(
      file: tree.path, object: "\(tree.name)/\(branch.name)", basket: part.index)
  }
}

/// Calls `body` for all indices on all processors, or on the thread that calls where it is serial,
/// and returns the failure of the lowest index.
func concurrently(
  _ count: Int, isSerial: Bool = false, _ body: @Sendable (Int) throws(ROOTFileError) -> Void
) -> Result<Void, ROOTFileError> {
  // Starting threads costs more than a single basket.
  if count == 1 || isSerial {
    return Result { () throws(ROOTFileError) in for index in 0..<count { try body(index) } }
  }
  let firstFailure = Mutex<(index: Int, error: ROOTFileError)?>(nil)
  DispatchQueue.concurrentPerform(iterations: count) { index in
    do throws(ROOTFileError) { try body(index) } catch {
      firstFailure.withLock { first in
        if index < first?.index ?? .max { first = (index, error) }
      }
    }
  }
  return firstFailure.withLock { $0.map { .failure($0.error) } ?? .success(()) }
}

/// Calls `body` for all indices on all processors, and returns the results in order.
func concurrentMap<Element: Sendable>(
  _ count: Int, isSerial: Bool = false, _ body: @Sendable (Int) throws(ROOTFileError) -> Element
) throws(ROOTFileError) -> [Element] {
  let results = Mutex<[Element?]>(Array(repeating: nil, count: count))
  try concurrently(count, isSerial: isSerial) { index throws(ROOTFileError) in
    let element = try body(index)
    results.withLock { $0[index] = element }
  }.get()
  return results.withLock { $0.compactMap { $0 } }
}
