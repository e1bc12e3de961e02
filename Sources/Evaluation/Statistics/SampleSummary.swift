// SPDX-License-Identifier: Apache-2.0

/// The mean of repeated measurements, as of one metric over several seeds, and how well it is known.
public struct SampleSummary: Sendable, Equatable {
  /// How many measurements there are.
  public let count: Int
  /// Their mean.
  public let mean: Double
  /// The standard deviation of one measurement, with n - 1; absent for a single one.
  public let standardDeviation: Double?

  /// Summarizes one measurement or more.
  public init(_ values: [Double]) {
    precondition(!values.isEmpty, "A summary needs at least one value.")
    count = values.count
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    if values.count > 1 {
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      standardDeviation = (squares / Double(values.count - 1)).squareRoot()
    } else {
      standardDeviation = nil
    }
  }

  /// The standard deviation of the mean; absent for a single measurement.
  public var standardError: Double? {
    standardDeviation.map { $0 / Double(count).squareRoot() }
  }

  /// Half the width of the interval that holds the true mean with 95 % confidence, if the
  /// measurements are normally distributed; absent for a single one.
  ///
  /// With few seeds it is much wider than two standard errors: 4.3 of them for three seeds.
  public var confidenceHalfWidth: Double? {
    standardError.map { $0 * Self.studentQuantile(degreesOfFreedom: count - 1) }
  }

  /// Returns the 97.5 % quantile of Student's t distribution.
  ///
  /// Source: the table of NIST/SEMATECH, e-Handbook of Statistical Methods, 1.3.6.7.2. Between
  /// the degrees of freedom listed the next lower one counts, which errs on the wide side.
  static func studentQuantile(degreesOfFreedom: Int) -> Double {
    let table = [
      12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
      2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
      2.052, 2.048, 2.045, 2.042,
    ]
    if degreesOfFreedom <= table.count { return table[degreesOfFreedom - 1] }
    return degreesOfFreedom < 100 ? 2.042 : 1.984
  }

  /// The mean and its standard error with three digits, as in "0.760 ± 0.010".
  public var areaText: String {
    Format.area(mean) + (standardError.map { " ± \(Format.area($0))" } ?? "")
  }
}
