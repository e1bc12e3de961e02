// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Pretraining
import Runtime
import Torch

/// Collisions that count as background beside the labeled events, each as much as it resembles them.
///
/// What a detector records is background but for one event in many thousands, of a mixture that is
/// not that of the labeled background. Logistic regression tells the labeled background from
/// collisions; its odds, the ratio of both densities, weigh each collision, so that together they
/// look like the labeled background (importance weighting: M. Sugiyama et al., J. Mach. Learn. Res.
/// 8 (2007) 985). For what the regression reads, the event vectors of a pre-trained backbone, few
/// labels suffice. That collisions stand for background is the idea of training without labels
/// in collider physics: E. M. Metodiev, B. Nachman and J. Thaler, JHEP 10 (2017) 174,
/// arXiv:1708.02949.
///
/// Where background is not what collisions are, they do harm. So they are left out where labeled
/// events that a linear probe has not seen are told worse with them.
public struct BackgroundCollisions: Sendable {
  /// The collisions, by their positions in the source; none where labeled events speak against them.
  package let events: [Int]
  /// How much each counts; the mean is 1.
  let ratios: [Float]
  /// As how many labeled background events all of them count.
  public let worth: Double

  /// What is asked for.
  public struct Plan: Sendable {
    /// The positions in the source among which collisions are drawn.
    public var candidates: Range<Int>
    /// How many are drawn, and how much they count.
    public var configuration: CollisionConfiguration

    /// Makes a plan.
    public init(candidates: Range<Int>, configuration: CollisionConfiguration) {
      self.candidates = candidates
      self.configuration = configuration
    }
  }

  /// Draws collisions, weighs them, and asks labeled events whether they help.
  ///
  /// - Parameters:
  ///   - plan: Among which events, how many, and how much they count.
  ///   - source: Labeled events and collisions.
  ///   - labeled: The labeled events, of all classes; 0 is background.
  ///   - weights: The weight of each event of the source in the loss; only labeled ones' are looked
  ///     at.
  ///   - classCount: Number of classes.
  ///   - balancesClasses: Whether the classes count alike.
  ///   - seed: The seed of the draw and of the parts of the cross-validations.
  ///   - inputs: Makes of a batch what the regressions read, shape `[B, D]`.
  /// - Throws: What the source or the closure throws; `InterruptedError` on Ctrl-C.
  package init(
    _ plan: Plan, source: any EventSource, labeled: [Int], weights: [Float], classCount: Int = 2,
    balancesClasses: Bool = true, seed: UInt64, inputs: (EventBatch) throws -> Tensor
  ) throws {
    let labels = source.labels()
    let collisions = Self.some(
      Array(plan.candidates), atMost: plan.configuration.events, seed: seed, part: 0)
    let background = labeled.filter { labels[$0] == 0 }
    let table = try CollisionTable(
      background: Self.some(background, atMost: Self.labeledCount, seed: seed, part: 1),
      others: Self.some(
        labeled.filter { labels[$0] != 0 }, atMost: Self.labeledCount, seed: seed, part: 2),
      collisions: collisions, source: source, seed: seed, inputs: inputs)
    let odds = table.logOdds(weights: weights)
    let middle = odds.sorted()[odds.count / 2]
    // Beyond a factor of e³ from the middle a regression on few events knows nothing.
    let ratios = odds.map { exp(Double(min(max($0 - middle, -3), 3))) }
    let mean = ratios.reduce(0, +) / Double(ratios.count)
    // A few events with large weights say no more than as many without.
    let squares = ratios.map { $0 * $0 }.reduce(0, +)
    let effective = pow(mean * Double(ratios.count), 2) / squares
    let all = Self(
      events: collisions, ratios: ratios.map { Float($0 / mean) },
      worth: min(
        plan.configuration.worth, effective,
        plan.configuration.worthPerLabel * Double(background.count)))
    let isHarmful = table.isHarmed(
      by: all, labels: labels, weights: weights, classCount: classCount,
      balancesClasses: balancesClasses)
    self = isHarmful ? Self(events: [], ratios: [], worth: 0) : all
  }

  private init(events: [Int], ratios: [Float], worth: Double) {
    (self.events, self.ratios, self.worth) = (events, ratios, worth)
  }

  /// Largest number of labeled events of background, and of all else, that regressions look at.
  private static let labeledCount = 5000

  /// Some of many events, at random, in rising order.
  private static func some(_ events: [Int], atMost count: Int, seed: UInt64, part: Int) -> [Int] {
    EventSplit.shuffled(events, seed: seed, epoch: part, purpose: .choosingCollisions)
      .prefix(count).sorted()
  }

  /// Weighs collisions by what a fine-tuning starts from: the event vectors of a pre-trained
  /// backbone, or variables alone beside one with random weights.
  ///
  /// - Throws: As ``init(_:source:labeled:weights:classCount:balancesClasses:seed:inputs:)``.
  init(
    _ plan: Plan, source: any EventSource, labeled: [Int], classNames: [String],
    configuration: FineTuningConfiguration, variables: VariableInputs?,
    backbone: EventTransformer
  ) throws {
    let weights = try FineTuner.lossWeights(
      source: source, events: labeled, labels: source.labels(), classCount: classNames.count,
      configuration: configuration)
    let readsVariables = configuration.mode == .scratch
    let classifier = Classifier(backbone: backbone, classNames: classNames)
    try self.init(
      plan, source: source, labeled: labeled, weights: weights, classCount: classNames.count,
      balancesClasses: configuration.balancesClasses, seed: configuration.seed
    ) { batch in
      guard readsVariables, let variables else { return try classifier.embeddings(of: batch) }
      return try variables.columns(of: batch, device: backbone.device)
    }
  }

  /// How collisions join the labeled events of a training.
  package enum Use {
    /// All of them, each with its own weight.
    case weighted
    /// As many as they count for in an epoch, drawn by ``draw(seed:epoch:)``, with one weight.
    case drawn
  }

  /// Returns the weights of labeled events and of the collisions beside them.
  ///
  /// Signal then counts as much more as background does, if classes are balanced.
  ///
  /// - Parameters:
  ///   - own: The weight of each event of the source in the loss without collisions, mean 1.
  ///   - events: The labeled events beside which collisions count; the weights of others stay.
  ///   - labels: The label of each event of the source.
  ///   - balancesClasses: Whether the classes count alike.
  ///   - use: How collisions join.
  /// - Returns: Weights whose mean over the events of an epoch is 1, if collisions are drawn;
  ///   otherwise labeled background keeps its weight.
  package func weights(
    beside own: [Float], of events: [Int], labels: [Int32], balancesClasses: Bool, as use: Use
  ) -> [Float] {
    guard !self.events.isEmpty else { return own }
    func sum(where isCounted: (Int32) -> Bool) -> Double {
      events.reduce(0) { isCounted(labels[$1]) ? $0 + Double(own[$1]) : $0 }
    }
    let background = sum { $0 == 0 }
    let added = background * worth / Double(events.count { labels[$0] == 0 })
    let growth = balancesClasses ? (background + added) / background : 1
    var scale = 1.0
    if use == .drawn {
      let total = background + added + sum { $0 != 0 } * growth
      scale = Double(events.count + drawCount) / total
    }
    var result = own
    for event in events { result[event] *= Float(labels[event] == 0 ? scale : scale * growth) }
    for (event, ratio) in zip(self.events, ratios) {
      result[event] =
        use == .drawn
        ? Float(scale * added / Double(max(1, drawCount)))
        : Float(added / Double(self.events.count)) * ratio
    }
    return result
  }

  /// The labels of a source, 0 for the collisions.
  package func labels(of source: any EventSource) -> [Int32] {
    var labels = source.labels()
    for event in events { labels[event] = 0 }
    return labels
  }

  /// Draws collisions for an epoch, likelier ones more often, as many as they count for.
  func draw(seed: UInt64, epoch: Int) -> [Int] {
    var sums: [Float] = []
    var sum: Float = 0
    for ratio in ratios {
      sum += ratio
      sums.append(sum)
    }
    var generator = CounterBasedGenerator(
      seed: seed, epoch: epoch, event: 1, purpose: .choosingCollisions)
    return (0..<drawCount).map { _ in
      let place = generator.uniform() * sum
      var low = 0
      var high = sums.count - 1
      while low < high {
        let middle = (low + high) / 2
        if sums[middle] > place { high = middle } else { low = middle + 1 }
      }
      return events[low]
    }
  }

  /// Number of collisions in an epoch.
  var drawCount: Int { Int(worth.rounded()) }
}
