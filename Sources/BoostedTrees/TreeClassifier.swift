// SPDX-License-Identifier: Apache-2.0

import CXGBoost
import Foundation
import Runtime

/// Boosted decision trees that tell signal from background: XGBoost with the logistic loss.
///
///     let trees = try TreeClassifier(
///       training: values, width: 12, labels: labels, weights: weights,
///       configuration: TreeConfiguration(), seed: 1)
///     let probabilities = try trees.scores(of: testValues)
///
/// Trees use one thread, so that their numbers depend on nothing but inputs and seed, and trainings
/// side by side leave LibTorch's threads alone. A value may not be used by two threads at a time.
///
/// Source: T. Chen and C. Guestrin, arXiv:1603.02754.
public final class TreeClassifier {
  /// The number of inputs of an event.
  public let width: Int
  private let handle: BoosterHandle

  /// Trains trees.
  ///
  /// - Parameters:
  ///   - values: The inputs of the events, row by row; not-a-number where missing, which goes to
  ///     the side of a cut that suits the training events. Shape `[N, width]`.
  ///   - width: The number of inputs, at least 1.
  ///   - labels: 1 for signal, 0 for background. Shape `[N]`.
  ///   - weights: The weights in the loss, at least 0; `minimumChildWeight` and the penalties are
  ///     meant for a mean of 1. Shape `[N]`.
  ///   - configuration: How to train.
  ///   - seed: The seed of the events and inputs that a tree sees.
  /// - Throws: ``BoostedTreesError`` with code `invalidData` for infinite inputs, other labels and
  ///   negative weights; `InterruptedError` on Ctrl-C.
  public convenience init(
    training values: [Float], width: Int, labels: [Float], weights: [Float],
    configuration: TreeConfiguration, seed: UInt64
  ) throws {
    let inputs = try TreeInputs(values, width: width)
    try inputs.set("label", labels)
    try inputs.set("weight", weights)
    try self.init(trainingInputs: inputs, width: width)
    let settings: [(String, String)] = [
      ("objective", "binary:logistic"), ("booster", "gbtree"), ("base_score", "0.5"),
      ("nthread", "1"), ("verbosity", "0"),
      // XGBoost keeps 32 bits of it.
      ("seed", "\(seed & 0x7fff_ffff)"), ("tree_method", configuration.method.rawValue),
      ("max_depth", "\(configuration.depth)"), ("eta", "\(configuration.learningRate)"),
      ("min_child_weight", "\(configuration.minimumChildWeight)"),
      ("subsample", "\(configuration.subsample)"),
      ("colsample_bytree", "\(configuration.columnSample)"), ("lambda", "\(configuration.l2)"),
      ("alpha", "\(configuration.l1)"), ("gamma", "\(configuration.minimumGain)"),
    ]
    for (name, value) in settings {
      try check(XGBoosterSetParam(handle, name, value), .failed, "set \(name) to \(value)")
    }
    for round in 0..<configuration.rounds {
      try Interruption.check()
      try check(
        XGBoosterUpdateOneIter(handle, Int32(round), inputs.handle), .invalidData,
        "train trees on \(inputs.count) events", remedy: "Labels are 0 and 1.")
    }
  }

  /// Opens a model that ``save(to:)`` wrote.
  ///
  /// - Throws: `FileSystemError` if the file cannot be read; ``BoostedTreesError`` with code
  ///   `invalidModel` if it is no model.
  public convenience init(contentsOf path: String) throws {
    let data = try readFile(path)
    let handle = try Self.makeBooster(nil)
    do {
      try check(
        data.withUnsafeBytes {
          XGBoosterLoadModelFromBuffer(handle, $0.baseAddress, bst_ulong($0.count))
        }, .invalidModel, "read the trees of \(path)",
        remedy: "The file was changed, or another program wrote it; train again.")
      var width: bst_ulong = 0
      try check(
        XGBoosterGetNumFeature(handle, &width), .invalidModel, "read the trees of \(path)")
      try check(XGBoosterSetParam(handle, "nthread", "1"), .failed, "set nthread to 1")
      self.init(handle, width: Int(width))
    } catch {
      XGBoosterFree(handle)
      throw error
    }
  }

  private convenience init(trainingInputs inputs: TreeInputs, width: Int) throws {
    self.init(try Self.makeBooster(inputs.handle), width: width)
  }

  private init(_ handle: BoosterHandle, width: Int) {
    self.handle = handle
    self.width = width
  }

  deinit { XGBoosterFree(handle) }

  private static func makeBooster(_ inputs: DMatrixHandle?) throws -> BoosterHandle {
    var handle: BoosterHandle?
    let tables = [inputs]
    try check(
      XGBoosterCreate(tables, inputs == nil ? 0 : 1, &handle), .failed, "make boosted trees")
    guard let handle else { preconditionFailure("XGBoost gave success without a booster.") }
    return handle
  }

  /// Returns the probability of signal for each event.
  ///
  /// - Parameter values: The inputs, as in training. Shape `[N, width]`.
  /// - Returns: Numbers in 0...1, where the classes had equal weights in training. Shape `[N]`.
  /// - Throws: ``BoostedTreesError`` with code `invalidData` for infinite inputs.
  public func scores(of values: [Float]) throws -> [Float] {
    try predictions(of: values, option: 0)
  }

  /// Returns the logit of signal for each event, the sum of its leaves.
  ///
  /// - Parameter values: The inputs, as in training. Shape `[N, width]`.
  /// - Returns: Shape `[N]`.
  /// - Throws: ``BoostedTreesError`` with code `invalidData` for infinite inputs.
  public func logits(of values: [Float]) throws -> [Float] {
    try predictions(of: values, option: 1)
  }

  // The option is XGBoost's: 0 for probabilities, 1 for logits.
  private func predictions(of values: [Float], option: Int32) throws -> [Float] {
    let inputs = try TreeInputs(values, width: width)
    var count: bst_ulong = 0
    var result: UnsafePointer<Float>?
    try check(
      XGBoosterPredict(handle, inputs.handle, option, 0, 0, &count, &result), .failed,
      "score \(inputs.count) events")
    return Array(UnsafeBufferPointer(start: result, count: Int(count)))
  }

  /// The number of leaves of all trees.
  ///
  /// - Throws: ``BoostedTreesError`` with code `failed`.
  public func leafCount() throws -> Int {
    var count: bst_ulong = 0
    var trees: UnsafeMutablePointer<UnsafePointer<CChar>?>?
    try check(
      XGBoosterDumpModelEx(handle, "", 0, "text", &count, &trees), .failed, "print the trees")
    return UnsafeBufferPointer(start: trees, count: Int(count)).reduce(0) { sum, tree in
      sum + (tree.map { String(cString: $0).components(separatedBy: "leaf=").count - 1 } ?? 0)
    }
  }

  /// Writes the trees as XGBoost's JSON, which other programs read too.
  ///
  /// - Throws: `FileSystemError` if the file cannot be written.
  public func save(to path: String) throws {
    var count: bst_ulong = 0
    var bytes: UnsafePointer<CChar>?
    try check(
      XGBoosterSaveModelToBuffer(handle, "{\"format\": \"json\"}", &count, &bytes), .failed,
      "write the trees to \(path)")
    guard let bytes else { preconditionFailure("XGBoost gave success without a model.") }
    try writeAtomically(Data(bytes: bytes, count: Int(count)), to: path)
  }
}
