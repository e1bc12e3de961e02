// SPDX-License-Identifier: Apache-2.0

import Classification
import EventModel
import Events
import Foundation
import Runtime
import Synchronization
import Torch

/// How many events were scored.
public struct ScoringSummary: Codable, Sendable {
  /// Entries of the files, each a line or an entry of the output.
  public var entries: Int
  /// Entries that passed the selection and have a score.
  public var scored: Int
}

/// Where scores are written.
public enum ScoreOutput: Sendable, Equatable {
  /// Comma-separated values.
  case csv(path: String)
  /// A JSON object in each line.
  case jsonLines(path: String)
  /// A ROOT file with a TTree of this name, with the event vectors if they are asked for.
  case root(path: String, tree: String, withEmbeddings: Bool)
}

/// Writes a score for every entry of some ROOT files, in their order.
///
/// Threads take range after range of entries, and each does all there is to do for its own: reads,
/// selects, scores and writes. So none waits for another, and the memory is that of some ranges
/// and of the baskets that they lie in, whatever the size and number of the files.
///
/// - Parameters:
///   - run: The folder of the classifier.
///   - files: The ROOT files, at least one.
///   - sample: The sample of the configuration as whose files they are read; `nil` for the first
///     with a label.
///   - output: The file that appears when it is complete, and its format.
///   - device: Where scores are computed.
///   - precision: In what products of matrices are computed.
///   - progress: Is told how far it is.
/// - Returns: How many events were scored.
/// - Throws: What reading, scoring and writing throw.
public func score(
  run: String, files: [String], sample: String? = nil, output: ScoreOutput, device: Device,
  precision: ScorePrecision = .float32, progress: ProgressReporter
) throws -> ScoringSummary {
  precondition(!files.isEmpty, "There must be a file to score.")
  let checkpoint = try ClassifierCheckpoint.read(run)
  let configuration = try savedConfiguration(run, checkpoint)
  let scorer = try ClassifierCheckpoint.load(run)
  scorer.place(on: device)
  let section = try configuration.scoredEvents(as: sample)
  guard section.schema == scorer.schema else {
    throw ModelError(
      code: .schemaMismatch,
      "cannot score with \(run): "
        + (sample.map {
          "events of the sample \($0) have other kinds, features or scalars than those that it was "
            + "trained on. Give the sample a section events with the same ones in the same order, "
            + "and train again."
        }
          ?? "its configuration.yaml describes another schema than its model. Take both from one run "
          + "of finetune."))
  }
  let kernels = try kernels(for: scorer.members[0], precision: precision)
  let inputs: ScoredFiles
  do {
    inputs = try ScoredFiles(paths: files, events: section, entriesPerPart: entriesPerRange)
  } catch let error as PreparationError where error.code == .unusableColumn {
    let others = configuration.samples
      .filter { $0.label == nil && $0.events?.schema == section.schema }.map(\.name)
    guard sample == nil, !others.isEmpty else { throw error }
    throw error.advising(
      "If its columns are called as those of \(others.joined(separator: " or ")), say so: --sample "
        + "\(others[0]).")
  }
  let scoring = Scoring(
    scorer: scorer, inputs: inputs, device: device, kernels: kernels, progress: progress)
  let classNames = checkpoint.classNames
  switch output {
  case .csv(let path):
    return try scoring.write(path, CSVScores(classNames: classNames, files: files))
  case .jsonLines(let path):
    return try scoring.write(path, JSONLinesScores(classNames: classNames, files: files))
  case .root(let path, let tree, let withEmbeddings):
    let format = ScoreTree(
      name: tree, classNames: classNames, identifiers: inputs.identifiers,
      embeddingWidth: withEmbeddings ? scorer.embeddingWidth : nil)
    return try scoring.write(
      path, format, withIdentifiers: true, withEmbeddings: withEmbeddings)
  }
}

/// What scores come from.
private struct Scoring {
  let scorer: Scorer
  let inputs: ScoredFiles
  let device: Device
  let kernels: Kernels
  let progress: ProgressReporter

  /// Scores all entries and writes them in a format.
  func write<Format: ScoreFormat>(
    _ path: String, _ format: Format, withIdentifiers: Bool = false, withEmbeddings: Bool = false
  ) throws -> ScoringSummary {
    let output = try ScoreFile(path: path, format: format)
    // A GPU computes one batch at a time, while the other threads read and write.
    let turn = Mutex(())
    // The threads end before this function does, and only read parameters.
    nonisolated(unsafe) let own = self
    let parts = inputs.parts
    try Workers(count: max(1, min(Threads.count, parts.count))).run(count: parts.count) { index in
      try Interruption.check()
      let part = parts[index]
      let (batch, identifiers) = try own.inputs.read(part, withIdentifiers: withIdentifiers)
      let (scores, embeddings) =
        own.device == .cpu
        ? try own.kernels.using { try own.values(of: batch, withEmbeddings: withEmbeddings) }
        : try turn.withLock { _ in try own.values(of: batch, withEmbeddings: withEmbeddings) }
      try output.write(
        part: index,
        ScoredEntries(
          file: part.file, entries: part.entries, scored: batch.eventIndices, scores: scores,
          embeddings: embeddings, identifiers: identifiers)
      ) { done in
        own.progress.update(
          task: "score", done: done, total: own.inputs.entryCount, unit: "events")
      }
    }
    return try output.commit()
  }

  private func values(
    of batch: EventBatch, withEmbeddings: Bool
  ) throws -> (scores: [[Double]], embeddings: [Float]) {
    withEmbeddings
      ? try scorer.scoresAndEmbeddings(of: batch) : (try scorer.scores(of: batch), [])
  }
}

/// As many as the model takes at a time.
private let entriesPerRange = 1024

/// The numbers in which a classifier's products of matrices are computed.
///
/// Those of 16 bits are for kernels that only some CPUs have.
public enum ScorePrecision: String, CaseIterable, Sendable {
  case float32, float16, bfloat16, int16

  /// The kernels for numbers of 16 bits, and the instructions that they need.
  fileprivate var halfPrecision: (kernels: Kernels, instructions: String)? {
    switch self {
    case .float32: nil
    case .float16: (.avx512fp16, "AVX-512 FP16")
    case .bfloat16: (.avx512bf16, "AVX-512 BF16")
    case .int16: (.avx512vnni, "AVX-512 VNNI")
    }
  }
}

/// Returns the kernels that compute the scores.
private func kernels(for classifier: Classifier, precision: ScorePrecision) throws -> Kernels {
  guard let (kernels, instructions) = precision.halfPrecision else { return .current }
  let reason: String
  if classifier.backbone.device != .cpu {
    reason = "only the CPU's kernels know it"
  } else if !kernels.isAvailable {
    reason = "this processor has no \(instructions)"
  } else if classifier.backbone.configuration.width % 16 != 0 {
    reason =
      "the model's width is \(classifier.backbone.configuration.width), not a multiple of 16"
  } else {
    return kernels
  }
  throw ModelError(
    code: .unsupportedPrecision,
    "cannot score in \(precision.rawValue): \(reason). Leave --precision out; float32 always "
      + "works.")
}
