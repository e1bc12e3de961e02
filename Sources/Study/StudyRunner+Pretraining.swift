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
  }

  /// Returns the backbone from which an arm starts with one of the draws of labeled events, from 0.
  func backbone(of arm: StudyConfiguration.Arm, labelSeed: Int) -> Backbone? {
    configuration.pretrainings.first { $0.name == arm.pretraining }
      .map { backbone($0, seed: labelSeed % configuration.pretrainingSeeds) }
  }

  private func backbone(_ pretraining: StudyConfiguration.Pretraining, seed: Int) -> Backbone {
    var own = pretraining
    own.configuration.seed &+= UInt64(seed)
    return Backbone(
      pretraining: own, folder: own.name + (seed == 0 ? "" : "/seeds/\(seed + 1)"))
  }

  /// Trains the backbones that arms start from.
  ///
  /// - Returns: The losses of every pre-training with its first seed.
  func pretrainAll(
    stores: [String: EventStore]
  ) throws -> [(name: String, history: PretrainingHistory)] {
    let wanted = configuration.pretrainings.filter { pretraining in
      configuration.arms.contains { $0.pretraining == pretraining.name }
    }
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
    try runInParallel(count: jobs.count, width: configuration.parallel) { index in
      let pretrainer = try Pretrainer(
        store: jobs[index].source, model: jobs[index].backbone.pretraining.model,
        configuration: jobs[index].settings,
        folder: "\(folder)/pretraining/\(jobs[index].backbone.folder)")
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
    return zip(wanted, histories.withLock { $0 }).compactMap { pretraining, history in
      history.map { (pretraining.name, $0) }
    }
  }
}
