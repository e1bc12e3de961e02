// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ROOTIO

@Suite struct ColumnScalarTests {
  /// Few values, and so many that they are stored past the caches; on lines of the cache and off.
  @Test(arguments: [0, 1, 37, 3000, 6143, 6144, 6145, 20_011], [0, 1, 5, 31])
  func `numbers come out of big-endian bytes`(_ count: Int, _ start: Int) {
    check(UInt8.self, count, start)
    check(Int16.self, count, start)
    check(UInt32.self, count, start)
    check(Int64.self, count, start)
  }

  private func check<Scalar: ColumnScalar & FixedWidthInteger>(
    _ type: Scalar.Type, _ count: Int, _ start: Int
  ) {
    let expected = (0..<count).map { Scalar(truncatingIfNeeded: $0 &* 0x9e37_79b9_7f4a_7c1) }
    var bytes: [UInt8] = [7]
    for value in expected { withUnsafeBytes(of: value.bigEndian) { bytes += $0 } }
    let margin: Scalar = 85
    var found = [Scalar](repeating: margin, count: start + count + 40)
    found.withUnsafeMutableBufferPointer { found in
      bytes.withUnsafeBytes { bytes in
        guard let target = found.baseAddress, let source = bytes.baseAddress else { return }
        Scalar.decode(source + 1, into: target + start, count: count)
      }
    }
    #expect(found[start..<start + count].elementsEqual(expected), "\(type)")
    #expect(found[..<start].allSatisfy { $0 == margin }, "\(type)")
    #expect(found[(start + count)...].allSatisfy { $0 == margin }, "\(type)")
  }
}
