// SPDX-License-Identifier: Apache-2.0

import Configuration
import Events

/// Which transformations are drawn for an event, and how large they may be.
///
/// The symmetries of a collider experiment are on by default; what breaks them, and what imitates
/// a detector, is off.
public struct AugmentationConfiguration: Codable, Hashable, Sendable {
  /// The region in which a kind of object is selected.
  public struct Acceptance: Codable, Hashable, Sendable {
    /// The largest |eta|, or `nil` for no limit.
    public var maximumAbsoluteEta: Double?
    /// The smallest pt in GeV, or `nil` for no limit.
    public var minimumPt: Double?

    /// Makes a region.
    public init(maximumAbsoluteEta: Double? = nil, minimumPt: Double? = nil) {
      self.maximumAbsoluteEta = maximumAbsoluteEta
      self.minimumPt = minimumPt
    }
  }

  /// Rotation about the beam by any angle.
  public var rotateAboutBeam = true
  /// Reflection phi to -phi, of every second event.
  public var reflectPhi = true
  /// Reflection eta to -eta, of every second event.
  public var reflectZ = true
  /// The largest rapidity of a boost along the beam, in either direction; 0 for no boost.
  public var longitudinalBoost = 0.5
  /// The largest rapidity of a boost across the beam; 0 for no boost.
  public var transverseBoost = 0.0
  /// The largest rapidity of a boost in any direction; 0 for no boost.
  public var generalBoost = 0.0
  /// Exchange of particles and antiparticles, of every second event: features named "charge"
  /// change sign.
  public var chargeConjugation = false
  /// The standard deviation of the logarithm of the factor on pt; 0 for no smearing.
  public var momentumSmearing = 0.0
  /// The probability that an object is lost.
  public var dropObjects = 0.0
  /// The probability that a feature is made missing.
  public var dropFeatures = 0.0
  /// The acceptance by kind of object; an object that a boost or smearing moves out of it is lost.
  public var acceptance: [String: Acceptance] = [:]

  /// Makes the default configuration: the symmetries, boosts up to rapidity 0.5, no acceptance.
  public init() {}

  /// No transformation at all.
  public static var none: AugmentationConfiguration {
    var result = AugmentationConfiguration()
    result.rotateAboutBeam = false
    result.reflectPhi = false
    result.reflectZ = false
    result.longitudinalBoost = 0
    return result
  }

  /// The rotations and reflections alone: what a detector does not tell apart, and what loses no
  /// object.
  public var rotationsAndReflections: AugmentationConfiguration {
    var result = AugmentationConfiguration.none
    result.rotateAboutBeam = rotateAboutBeam
    result.reflectPhi = reflectPhi
    result.reflectZ = reflectZ
    return result
  }

  /// Returns the configuration for events that lack kinds which other samples have.
  ///
  /// An acceptance of such a kind is left out. A name that no sample has stays, so that
  /// ``Augmenter`` refuses it.
  ///
  /// - Parameters:
  ///   - schema: What the events consist of.
  ///   - kinds: The names of the kinds of all samples.
  /// - Returns: The configuration, itself where no kind is lacking.
  public func restricted(
    to schema: EventSchema, among kinds: Set<String>
  ) -> AugmentationConfiguration {
    var result = self
    result.acceptance = acceptance.filter {
      schema.index(ofKind: $0.key) != nil || !kinds.contains($0.key)
    }
    return result
  }

  /// Reads the configuration from YAML; what is absent keeps its value in the defaults.
  ///
  ///     rotateAboutBeam: true
  ///     reflectPhi: true
  ///     reflectZ: true
  ///     longitudinalBoost: 0.5
  ///     transverseBoost: 0
  ///     generalBoost: 0
  ///     chargeConjugation: false
  ///     momentumSmearing: 0
  ///     dropObjects: 0
  ///     dropFeatures: 0
  ///     acceptance:
  ///       muon: {maximumAbsoluteEta: 2.4, minimumPt: 20}
  ///       jet: 4.7                       # maximumAbsoluteEta alone
  ///
  /// Without a section, `nil`, all is as in the defaults. Acceptances are read kind by kind.
  ///
  /// - Throws: `ConfigurationError`.
  public init(
    _ node: ConfigurationNode?, defaults: AugmentationConfiguration = .init()
  ) throws(ConfigurationError) {
    self = defaults
    guard let node else { return }
    rotateAboutBeam = try node.bool("rotateAboutBeam", default: rotateAboutBeam)
    reflectPhi = try node.bool("reflectPhi", default: reflectPhi)
    reflectZ = try node.bool("reflectZ", default: reflectZ)
    longitudinalBoost = try node.double(
      "longitudinalBoost", default: longitudinalBoost, in: 0...10)
    transverseBoost = try node.double("transverseBoost", default: transverseBoost, in: 0...10)
    generalBoost = try node.double("generalBoost", default: generalBoost, in: 0...10)
    chargeConjugation = try node.bool("chargeConjugation", default: chargeConjugation)
    momentumSmearing = try node.double("momentumSmearing", default: momentumSmearing, in: 0...1)
    dropObjects = try node.double("dropObjects", default: dropObjects, in: 0...1)
    dropFeatures = try node.double("dropFeatures", default: dropFeatures, in: 0...1)
    for (name, value) in try node.entries("acceptance") {
      guard value.isMapping else {
        acceptance[name] = Acceptance(maximumAbsoluteEta: try value.asDouble(in: .positive))
        continue
      }
      acceptance[name] = Acceptance(
        maximumAbsoluteEta: try value.optionalDouble("maximumAbsoluteEta", in: .positive),
        minimumPt: try value.optionalDouble("minimumPt", in: 0...))
    }
  }
}
