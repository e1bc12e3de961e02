// SPDX-License-Identifier: Apache-2.0

import CXGBoost
import Foundation

/// The inputs of events as XGBoost holds them.
final class TreeInputs {
  let handle: DMatrixHandle
  let count: Int

  /// Copies a table.
  ///
  /// - Parameters:
  ///   - values: Row by row; not-a-number where missing.
  ///   - width: The number of columns.
  /// - Throws: ``BoostedTreesError`` with code `invalidData`, for infinite values for instance.
  init(_ values: [Float], width: Int) throws(BoostedTreesError) {
    precondition(
      width > 0 && values.count % width == 0,
      "\(values.count) values are no table of \(width) columns.")
    count = values.count / width
    var handle: DMatrixHandle?
    let status = XGDMatrixCreateFromMat_omp(
      values, bst_ulong(count), bst_ulong(width), .nan, &handle, 1)
    try check(
      status, .invalidData, "take \(width) inputs of \(count) events",
      remedy: "Every input has to be a finite number, or missing.")
    guard let handle else { preconditionFailure("XGBoost gave success without a table.") }
    self.handle = handle
  }

  deinit { XGDMatrixFree(handle) }

  /// Sets one value per event: `label` or `weight`.
  func set(_ field: String, _ values: [Float]) throws(BoostedTreesError) {
    precondition(
      values.count == count, "\(values.count) values of \(field) do not fit to \(count) events.")
    try check(
      XGDMatrixSetFloatInfo(handle, field, values, bst_ulong(values.count)), .invalidData,
      "set the \(field) of \(count) events",
      remedy: field == "weight" ? "Train without the events' weights." : "")
  }
}

/// Throws what XGBoost says of a call that failed.
func check(
  _ status: Int32, _ code: BoostedTreesError.Code, _ action: String, remedy: String = ""
) throws(BoostedTreesError) {
  guard status != 0 else { return }
  // The first line is the reason, behind time and place in XGBoost's source; a stack trace follows.
  let text = XGBGetLastError().map { String(cString: $0) } ?? ""
  let line = text.split(separator: "\n").first.map(String.init) ?? "it gives no reason"
  let reason = line.range(of: #"^\[[0-9:]+\] \S+:[0-9]+: "#, options: .regularExpression)
  throw BoostedTreesError(
    code,
    "cannot \(action): XGBoost says \"\(reason.map { String(line[$0.upperBound...]) } ?? line)\"."
      + (remedy.isEmpty ? "" : " \(remedy)"))
}
