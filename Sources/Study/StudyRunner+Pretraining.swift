// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Pretraining
import Runtime
import Synchronization
import Torch

extension StudyRunner {
  /// A backbone that the study trains: a pre-training with one of its seeds.
  struct Backbone {
    /// The pre-training, with the seed.
    let pretraining: StudyConfiguration.Pretraining
    /// Its folder under `pretraining`.
    let folder: String
    /// The folder of the backbone that it goes on with; `nil` for random weights.
    let start: String?
  }

  /// Returns the backbone from which an arm starts with one of the draws of labeled events, from 0.
  func backbone(of arm: StudyConfiguration.Arm, labelSeed: Int) -> Backbone? {
    configuration.pretrainings.first { $0.name == arm.pretraining }
      .map { backbone($0, seed: labelSeed % configuration.pretrainingSeeds) }
  }

  private func backbone(_ pretraining: StudyConfiguration.Pretraining, seed: Int) -> Backbone {
    var own = pretraining
    own.configuration.seed &+= UInt64(seed)
    func folder(_ name: String) -> String { name + (seed == 0 ? "" : "/seeds/\(seed + 1)") }
    return Backbone(
      pretraining: own, folder: folder(own.name), start: own.from.map(folder))
  }

  /// Returns how many pre-trainings come before one that goes on with another.
  private func stage(of pretraining: StudyConfiguration.Pretraining) -> Int {
    let origin = configuration.pretrainings.first { $0.name == pretraining.from }
    return origin.map { stage(of: $0) + 1 } ?? 0
  }

  /// Trains the backbones that arms start from.
  ///
  /// - Returns: The losses of every pre-training with its first seed.
  func pretrainAll(
    stores: [String: EventStore]
  ) throws -> [(name: String, history: PretrainingHistory)] {
    let wanted = configuration.wantedPretrainings
    guard !wanted.isEmpty else { return [] }
    let seeds = min(configuration.pretrainingSeeds, configuration.seeds)
    let jobs = try (0..<seeds).flatMap { seed in
      try wanted.map { pretraining in
        let backbone = backbone(pretraining, seed: seed)
        let source = try pretrainingSource(pretraining.samples, stores: stores)
        return (
          backbone: backbone, source: source,
          settings: configuration.fitted(backbone.pretraining.configuration, to: source.schema)
        )
      }
    }
    let histories = Mutex([PretrainingHistory?](repeating: nil, count: jobs.count))
    let done = Mutex([Int](repeating: 0, count: jobs.count))
    let total = jobs.map { $0.settings.epochs * $0.source.eventCount }.reduce(0, +)
    let (folder, progress) = (folder, progress)
    @Sendable func train(_ index: Int) throws {
      let backbone = jobs[index].backbone
      let pretrainer = try Pretrainer(
        store: jobs[index].source, model: backbone.pretraining.model,
        configuration: jobs[index].settings,
        folder: "\(folder)/pretraining/\(backbone.folder)",
        startingFrom: backbone.start.map { "\(folder)/pretraining/\($0)" })
      let history = try pretrainer.run { report in
        let all = done.withLock {
          $0[index] = report.eventsDone
          return $0.reduce(0, +)
        }
        progress.update(
          task: "pretrain", done: all, total: total, unit: "events",
          detail: String(format: "loss %.4f", report.loss))
      }
      // Steps are whole batches, and the validation split is not trained on.
      done.withLock { $0[index] = jobs[index].settings.epochs * jobs[index].source.eventCount }
      histories.withLock { $0[index] = history }
    }
    // What goes on with another backbone waits for it.
    let stages = jobs.map { stage(of: $0.backbone.pretraining) }
    for stage in Set(stages).sorted() {
      let ready = stages.indices.filter { stages[$0] == stage }
      try runInParallel(count: ready.count, width: configuration.parallel) { try train(ready[$0]) }
    }
    return zip(wanted, histories.withLock { $0 }).compactMap { pretraining, history in
      history.map { (pretraining.name, $0) }
    }
  }
}
