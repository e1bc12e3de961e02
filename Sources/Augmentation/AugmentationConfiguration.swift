// SPDX-License-Identifier: Apache-2.0

import Configuration

/// Which transformations an event may go through while a model is trained.
///
/// Rotations about the beam, reflections and longitudinal boosts are symmetries of proton-proton
/// collisions of unpolarized beams and, but for the detector's ends, of the detector.
public struct AugmentationConfiguration: Codable, Hashable, Sendable {
  /// Whether events are turned about the beam by an angle that is uniform in [0, 2π).
  public var rotateAboutBeam = true
  /// Whether phi → -phi with probability 1/2.
  public var reflectPhi = true
  /// Whether z → -z, and so eta → -eta, with probability 1/2.
  public var reflectZ = true
  /// Largest boost along the beam: its rapidity is uniform in ± this. 0 switches boosts off.
  public var longitudinalBoost = 0.0
  /// Largest |eta| of each kind after a boost; an object beyond it is lost. Kinds that are not
  /// named are never lost.
  public var acceptance: [String: Double] = [:]

  /// Makes the default: rotation and both reflections.
  public init() {}

  /// Reads the section `augmentation`; what is not given keeps its default.
  ///
  /// - Throws: `ConfigurationError` if a value is out of range.
  public init(_ node: ConfigurationNode?) throws {
    self.init()
    guard let node else { return }
    rotateAboutBeam = try node.bool("rotateAboutBeam", default: rotateAboutBeam)
    reflectPhi = try node.bool("reflectPhi", default: reflectPhi)
    reflectZ = try node.bool("reflectZ", default: reflectZ)
    longitudinalBoost = try node.double("longitudinalBoost", default: longitudinalBoost, in: 0...5)
    if let list = try node.node("acceptance") {
      for (kind, value) in list.ownEntries() {
        acceptance[kind] = try value.asDouble(in: 0.1...10)
      }
    }
  }
}
