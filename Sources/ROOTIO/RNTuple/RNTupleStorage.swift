// SPDX-License-Identifier: Apache-2.0

/// The file of an RNTuple, from which envelopes and pages are taken.
struct RNTupleStorage: Sendable {
  let file: ByteStorage
  /// What is longer is stored in several pieces; 0: nothing is.
  let maximumPieceLength: Int

  /// The largest page or envelope, once decompressed.
  ///
  /// ROOT's pages have up to 1 MiB by default.
  static let maximumLength = Int(Int32.max)

  /// Returns stored bytes, which may be compressed.
  ///
  /// Pieces of long ones are put together. The first piece ends with the places of the others:
  ///
  ///     bytes 0 ..< maximum − 8 × (pieces − 1), then as many 8-byte offsets, little-endian
  func bytes(
    _ locator: Locator, _ what: @autoclosure () -> String
  ) throws(DecodingFailure) -> ByteSlice {
    let maximum = maximumPieceLength
    if maximum == 0 || locator.byteCount <= maximum {
      return try ByteSlice(file, range(locator, what())).resident()
    }
    // Every piece has `maximum` bytes but the last one; the offsets take their place in the first.
    let (pieces, places) = try pieces(locator, what())
    for range in pieces { try file.load(range) }
    let memory = ByteStorage(count: locator.byteCount) { target in
      var position = 0
      for range in [pieces[0].dropLast(places)] + pieces.dropFirst() {
        let part = UnsafeMutableRawBufferPointer(rebasing: target[position...])
        part.copyMemory(from: UnsafeRawBufferPointer(rebasing: file.bytes[range]))
        position += range.count
      }
    }
    return ByteSlice(memory, 0..<locator.byteCount)
  }

  /// Returns the ranges of the pieces, and how many bytes of offsets the first one ends with.
  private func pieces(
    _ locator: Locator, _ what: @autoclosure () -> String
  ) throws(DecodingFailure) -> (pieces: [Range<Int>], places: Int) {
    let maximum = maximumPieceLength
    // n pieces hold n · maximum bytes, of which 8 · (n − 1) are offsets.
    let count = maximum > 8 ? (locator.byteCount - 9) / (maximum - 8) + 1 : .max
    let (places, overflow) = (count - 1).multipliedReportingOverflow(by: 8)
    if overflow || places > maximum || locator.byteCount > file.count {
      throw .corrupted(
        "\(what()) has \(locator.byteCount) bytes in pieces of \(maximum)", at: locator.offset)
    }
    var pieces = [try range(Locator(offset: locator.offset, byteCount: maximum), what())]
    var reader = ByteReader(
      file, from: pieces[0].upperBound - places, to: pieces[0].upperBound)
    var left = locator.byteCount - (maximum - places)
    for _ in 1..<count {
      let word = try reader.integer(UInt64.self, what())
      let piece = Locator(
        offset: Int(clamping: word.byteSwapped), byteCount: min(maximum, left))
      pieces.append(try range(piece, what()))
      left -= piece.byteCount
    }
    return (pieces, places)
  }

  /// Returns the place of stored bytes after checking that they are in the file.
  private func range(
    _ locator: Locator, _ what: @autoclosure () -> String
  ) throws(DecodingFailure) -> Range<Int> {
    guard locator.offset >= 0, locator.byteCount >= 0, locator.offset <= file.count,
      locator.byteCount <= file.count - locator.offset
    else {
      throw .truncated(
        needed: locator.byteCount, left: file.count - min(max(0, locator.offset), file.count),
        what: what(), at: locator.offset)
    }
    return locator.offset..<(locator.offset + locator.byteCount)
  }

  /// Gives back the memory of stored bytes, which are not needed again soon.
  func release(_ locator: Locator) {
    file.release(locator.offset..<(locator.offset + locator.byteCount))
  }

  /// Returns bytes as they are once decompressed; they are stored as they are if both lengths are
  /// equal.
  static func decompressed(
    _ slice: ByteSlice, count: Int, _ what: @autoclosure () -> String
  ) throws(DecodingFailure) -> ByteSlice {
    if slice.count == count { return slice }
    if count < 0 || count > maximumLength {
      throw .corrupted("\(what()) has \(count) bytes", at: slice.range.lowerBound)
    }
    return try slice.decompressed(count: count)
  }
}
