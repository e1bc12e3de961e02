// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTP
import Runtime

/// The luminosity blocks in which the detector was good: the certified-runs file of a data set.
///
///     {"190645": [[10, 110]], "190704": [[1, 3], [7, 9]]}
///
/// Runs with the first and last block of each good range. CMS publishes one with the collision data
/// of each year; see https://opendata.cern.ch/docs/cms-guide-luminosity-information.
public struct LuminosityMask: Sendable {
  /// The good blocks of each run, rising, without overlaps.
  private let blocks: [Int: [ClosedRange<Int>]]
  /// The checksum of the file.
  let checksum: String

  /// Reads a file, from a disk or from an address on the web.
  ///
  /// - Throws: `FileSystemError`; `HTTPError`; ``LuminosityMaskError`` for what is no such file, with the run.
  public init(path: String) throws {
    func failure(_ found: String) -> LuminosityMaskError {
      LuminosityMaskError(path: path, found: found)
    }
    let data = try isWebAddress(path) ? HTTPClient.shared.body(of: path) : readFile(path)
    guard let object = try? JSONSerialization.jsonObject(with: data) else {
      throw failure("it is not JSON")
    }
    guard let runs = object as? [String: Any] else { throw failure("it is not a mapping of runs") }
    var blocks: [Int: [ClosedRange<Int>]] = [:]
    for (key, value) in runs.sorted(by: { $0.key < $1.key }) {
      guard let run = Int(key), run >= 0 else { throw failure("\(key) is no run") }
      guard let list = value as? [[Int]] else {
        throw failure("run \(key) has no list of pairs of whole numbers")
      }
      var ranges: [ClosedRange<Int>] = []
      for pair in list {
        guard pair.count == 2, pair[0] >= 0, pair[0] <= pair[1] else {
          throw failure("run \(key) has the range \(pair)")
        }
        ranges.append(pair[0]...pair[1])
      }
      // A run that is spelled in two ways, as 1 and 01, has the blocks of both.
      blocks[run] = Self.joined((blocks[run] ?? []) + ranges)
    }
    self.blocks = blocks
    checksum = Checksum.ofData(data)
  }

  private static func joined(_ ranges: [ClosedRange<Int>]) -> [ClosedRange<Int>] {
    var result: [ClosedRange<Int>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = result.last, range.lowerBound <= last.upperBound {
        result[result.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        result.append(range)
      }
    }
    return result
  }

  /// Returns whether a luminosity block is certified.
  public func contains(run: Int, luminosityBlock: Int) -> Bool {
    guard let ranges = blocks[run] else { return false }
    let index = ranges.firstIndexOfSorted { $0.upperBound >= luminosityBlock }
    return index < ranges.count && ranges[index].contains(luminosityBlock)
  }
}

/// A file that is no luminosity mask.
public struct LuminosityMaskError: Error, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// What was found.
  public let found: String

  /// File, what was found, expected, and what to do.
  public var description: String {
    "cannot use the luminosity mask \(path): \(found). Expected the certified-runs file that is "
      + "published with the data, as in {\"190645\": [[10, 110]]}."
  }
}
