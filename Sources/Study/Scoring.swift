// SPDX-License-Identifier: Apache-2.0

import Classification
import EventModel
import Events
import Foundation
import Runtime
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
/// - Parameters:
///   - run: The folder of the classifier.
///   - file: The ROOT file.
///   - output: A path that ends in `.csv` or `.jsonl`; it appears when it is complete.
///   - device: Where scores are computed.
///   - progress: Is told how far it is.
/// - Returns: How many events were scored.
/// - Throws: What reading and scoring throw.
public func score(
  run: String, file: String, output: String, device: Device, progress: ProgressReporter
) throws -> ScoringSummary {
  let checkpoint = try ClassifierCheckpoint.read(run)
  let configuration = try savedConfiguration(run, checkpoint)
  let classifier = try ClassifierCheckpoint.load(run)
  classifier.backbone.place(on: device)
  classifier.move(to: device)
  let schema = classifier.backbone.layout.schema
  guard configuration.events.schema == schema else {
    throw ModelError(
      code: .schemaMismatch,
      "cannot score with \(run): its configuration.yaml describes another schema than its model. "
        + "Take both from one run of finetune.")
  }
  let isJSON = output.hasSuffix(".jsonl")
  let sink = try AtomicFile(path: output)
  if !isJSON {
    try sink.write(
      "entry," + checkpoint.classNames.map { "score_\($0)" }.joined(separator: ",") + "\n")
  }
  var summary = ScoringSummary(entries: 0, scored: 0)
  try readEvents(of: file, events: configuration.events) { batch, entries, total in
    try Interruption.check()
    let scores = try classifier.scores(of: batch)
    var lines = ""
    var row = 0
    for entry in entries {
      var values: [String]? = nil
      if row < batch.eventCount, batch.eventIndices[row] == entry {
        values = scores.map { String(format: "%.7g", $0[row]) }
        row += 1
      }
      lines += line(entry, values, classNames: checkpoint.classNames, isJSON: isJSON)
    }
    try sink.write(lines)
    summary.entries += entries.count
    summary.scored += row
    progress.update(task: "score", done: entries.upperBound, total: total, unit: "events")
  }
  try sink.commit()
  return summary
}

private func line(
  _ entry: Int, _ values: [String]?, classNames: [String], isJSON: Bool
) -> String {
  guard isJSON else {
    let cells = values ?? classNames.map { _ in "" }
    return "\(entry)," + cells.joined(separator: ",") + "\n"
  }
  let cells = zip(classNames, values ?? classNames.map { _ in "null" })
    .map { "\"score_\($0)\":\($1)" }
  return "{\"entry\":\(entry)," + cells.joined(separator: ",") + "}\n"
}
