// SPDX-License-Identifier: Apache-2.0

import Events
import Foundation
import Torch

/// What PyTorch made of a few events and given weights; see `scripts/model-reference.py`.
///
/// The script holds a second implementation, padded and written from the definitions. Both compute
/// in float32 but add in another order.
public struct ModelReference: Decodable, Sendable {
  /// Largest difference from the script's numbers, in units of the largest number of a tensor.
  ///
  /// Sums of some hundred terms in another order lose about ten roundings, 10 * 2^-24 = 6e-7; the
  /// layers and the way back multiply that. What is wrong differs by far more than 2e-5.
  public static let tolerance: Float = 2e-5

  /// Mean and standard deviation.
  public struct Moments: Decodable, Sendable {
    /// The mean.
    public var mean: Float
    /// The standard deviation.
    public var deviation: Float
  }

  /// An object; `nil` where a number is missing.
  public struct Object: Decodable, Sendable {
    var kind: Int
    var pt: Float
    var eta: Float?
    var phi: Float
    var mass: Float?
    var features: [Float?]
    /// Whether masked objects hides it.
    public var hidesMomentum: Bool
    /// Whether masked objects hides its kind too.
    public var hidesKind: Bool
    /// Whether object types hides its kind.
    public var hidesType: Bool
  }

  /// An event.
  public struct Event: Decodable, Sendable {
    /// Its objects.
    public var objects: [Object]
    var scalars: [Float?]
    var weight: Float
    var label: Int32
  }

  /// Width of a token.
  public var width: Int
  /// Number of encoder layers.
  public var layers: Int
  /// Number of heads.
  public var heads: Int
  /// Width of the feed-forward part.
  public var feedForwardFactor: Int
  /// Moments of the inputs, by name.
  public var moments: [String: Moments]
  /// Moments of the pairs' quantities.
  public var pairMoments: [Moments]
  /// Inner edges of bins by kind and quantity.
  public var edges: [[[Float]]]
  /// The events.
  public var events: [Event]
  /// The first loss of each objective.
  public var losses: [String: Double]
  /// The losses of the objectives before each step.
  public var stepLosses: [[Double]]
  /// The gradient's norm of each step, before it is clipped.
  public var gradientNorms: [Double]
  /// The learning rate of all steps.
  public var learningRate: Double
  /// The decay of matrices.
  public var weightDecay: Double
  /// The largest norm of the gradient.
  public var gradientClip: Double
  /// The factor of the kind's cross-entropy in masked objects.
  public var kindWeight: Double
  /// The factors of the objectives.
  public var weights: [String: Double]

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures").path

  /// Reads the reference.
  public static func read() throws -> ModelReference {
    let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/model-reference.json"))
    return try JSONDecoder().decode(ModelReference.self, from: data)
  }

  /// Reads the tensors whose names have a prefix, by the rest of the name.
  public static func tensors(_ prefix: String) throws -> [(name: String, tensor: Tensor)] {
    let file = try SafetensorsFile(path: folder + "/model-reference.safetensors")
    return try file.names.filter { $0.hasPrefix(prefix + ".") }.map { name in
      let values: [Float] = try file.array(name)
      return (
        String(name.dropFirst(prefix.count + 1)),
        Tensor(values, shape: try file.shape(of: name))
      )
    }
  }

  /// The events as a batch of ``TinyEvents/schema``.
  public var batch: EventBatch {
    var batch = EventBatch(schema: TinyEvents.schema)
    for (index, event) in events.enumerated() {
      batch.append(
        index: index,
        objects: event.objects.map {
          EventObject(
            kind: $0.kind, pt: $0.pt, eta: $0.eta ?? .nan, phi: $0.phi, mass: $0.mass ?? .nan,
            features: $0.features.map { $0 ?? .nan })
        }, scalars: event.scalars.map { $0 ?? .nan }, weight: event.weight, label: event.label)
    }
    return batch
  }

  /// Returns a sentence about the worst element, or `nil` where a tensor agrees with the script's.
  ///
  /// Differences are in units of the largest magnitude in the tensor, as small elements are sums
  /// of large terms.
  public static func difference(
    _ tensor: Tensor, _ expected: Tensor, tolerance: Float = tolerance
  ) -> String? {
    guard tensor.shape == expected.shape else {
      return "the shape is \(tensor.shape), expected \(expected.shape)"
    }
    let numbers = expected.floats()
    let largest = numbers.map { abs($0) }.max() ?? 0
    return worstDifference(
      tensor.floats(), numbers, relative: 0, absolute: tolerance * max(largest, 1e-3))
  }
}
