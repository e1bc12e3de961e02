// SPDX-License-Identifier: Apache-2.0

import Classification
import EventModel
import Events
import Foundation
import Runtime
import Synchronization
import Torch

/// How many events of a file were scored.
public struct ScoringSummary: Codable, Sendable {
  /// Entries of the file, each a line of the output.
  public var entries: Int
  /// Entries that passed the selection and have a score.
  public var scored: Int
}

/// Writes a score for every entry of a ROOT file, in its order.
///
/// Threads take range after range of entries, and each does all there is to do for its own: reads,
/// selects, scores and writes. So none waits for another, and the memory is that of some ranges
/// and of the baskets that they lie in, whatever the size of the file.
///
/// - Parameters:
///   - run: The folder of the classifier.
///   - file: The ROOT file.
///   - output: A path that ends in `.csv` or `.jsonl`; it appears when it is complete.
///   - device: Where scores are computed.
///   - inHalfPrecision: Whether products of matrices are computed in half precision, by kernels that
///     only the CPU has.
///   - progress: Is told how far it is.
/// - Returns: How many events were scored.
/// - Throws: What reading and scoring throw.
public func score(
  run: String, file: String, output: String, device: Device, inHalfPrecision: Bool = false,
  progress: ProgressReporter
) throws -> ScoringSummary {
  let checkpoint = try ClassifierCheckpoint.read(run)
  let configuration = try savedConfiguration(run, checkpoint)
  let scorer = try ClassifierCheckpoint.load(run)
  scorer.place(on: device)
  let section = configuration.scoredEvents
  guard section.schema == scorer.schema else {
    throw ModelError(
      code: .schemaMismatch,
      "cannot score with \(run): its configuration.yaml describes another schema than its model. "
        + "Take both from one run of finetune.")
  }
  let kernels = try kernels(for: scorer.members[0], inHalfPrecision: inHalfPrecision)
  let scores = try ScoreFile(path: output, classNames: checkpoint.classNames)
  let events = try EventFile(path: file, events: section)
  let ranges = stride(from: 0, to: events.entryCount, by: entriesPerRange)
    .map { $0..<min($0 + entriesPerRange, events.entryCount) }
  // A GPU computes one batch at a time, while the other threads read and write.
  let turn = Mutex(())
  // The threads end before this function does, and only read parameters.
  nonisolated(unsafe) let model = scorer
  try Workers(count: max(1, min(Threads.count, ranges.count))).run(count: ranges.count) { index in
    try Interruption.check()
    let batch = try events.events(in: ranges[index])
    let values =
      device == .cpu
      ? try kernels.using { try model.scores(of: batch) }
      : try turn.withLock { _ in try model.scores(of: batch) }
    try scores.write(
      part: index, entries: ranges[index], scored: batch.eventIndices, scores: values
    ) { done in
      progress.update(task: "score", done: done, total: events.entryCount, unit: "events")
    }
  }
  return try scores.commit()
}

/// As many as the model takes at a time.
private let entriesPerRange = 1024

/// Returns the kernels that compute the scores.
private func kernels(for classifier: Classifier, inHalfPrecision: Bool) throws -> Kernels {
  guard inHalfPrecision else { return .current }
  let reason: String
  if classifier.backbone.device != .cpu {
    reason = "only the CPU's kernels know it"
  } else if !Kernels.avx512fp16.isAvailable {
    reason = "this processor has no AVX-512 FP16"
  } else if classifier.backbone.configuration.width % 16 != 0 {
    reason =
      "the model's width is \(classifier.backbone.configuration.width), not a multiple of 16"
  } else {
    return .avx512fp16
  }
  throw ModelError(
    code: .unsupportedPrecision,
    "cannot score in half precision: \(reason). Leave --precision out; float32 always works.")
}
