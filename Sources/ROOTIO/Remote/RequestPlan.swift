// SPDX-License-Identifier: Apache-2.0

/// How bytes of a file are asked for in few requests.
enum RequestPlan {
  /// The longest stretch of bytes that nobody wants but that costs less than another request: what
  /// arrives in about 10 ms at 100 Mbit/s.
  static let longestGap = 128 << 10

  /// Divides long runs, so that several connections share the work.
  ///
  /// - Parameters:
  ///   - runs: Ranges of blocks that do not overlap.
  ///   - blockLength: The length of a block in bytes.
  /// - Returns: Ranges with the same blocks, of about 1 MiB or more where they are parts of a run,
  ///   and of about 8 MiB at most.
  static func requests(for runs: [Range<Int>], blockLength: Int) -> [Range<Int>] {
    let total = runs.reduce(0) { $0 + $1.count } * blockLength
    let length = max(1, min(8 << 20, max(1 << 20, total / 8)) / blockLength)
    return runs.flatMap { run in
      // Equal parts: the last one shall not be a tiny one.
      let count = max(1, (run.count + length / 2) / length)
      return (0..<count).map { part in
        let start = run.lowerBound + run.count * part / count
        return start..<(run.lowerBound + run.count * (part + 1) / count)
      }
    }
  }
}
