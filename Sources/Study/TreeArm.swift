// SPDX-License-Identifier: Apache-2.0

import BoostedTrees
import Classification
import Configuration
import Events

/// What boosted trees are given and how they are trained, in an arm of a study.
///
///     trees: {depth: 2}                                  # for all arms
///     study:
///       arms:
///         - {name: trees, trees: {inputs: [variables]}}
///         - {name: all, trees: {inputs: [variables, objects]}}
///         - {name: vectors, pretraining: lorentz, trees: {inputs: [embedding]}}
public struct TreeArm: Codable, Hashable, Sendable {
  /// A group of inputs.
  public enum Input: String, Codable, CaseIterable, Sendable {
    /// The section `variables`; ``automaticVariables`` where a configuration has none.
    case variables
    /// Sums, masses, angles and transverse masses made from the schema; see
    /// `EventVariables.init(automaticFor:)`.
    case automaticVariables
    /// pt, eta, phi, mass and features of the leading objects, turned into one frame, and scalars.
    case objects
    /// The event vectors of the arm's pre-training, which stays as it is.
    case embedding
  }

  /// The inputs.
  public var inputs = [Input.variables]
  /// The largest number of objects of a kind that ``Input/objects`` takes, by pt.
  public var leadingObjects = 4
  /// How the trees are trained.
  public var training = TreeConfiguration()

  /// Makes the defaults.
  public init(inputs: [Input] = [.variables]) { self.inputs = inputs }

  /// How trees on variables join a classifier.
  ///
  /// - Parameters:
  ///   - variables: Those that the configuration names; `nil` for automatic ones.
  ///   - schema: What the events consist of.
  /// - Returns: A plan.
  func plan(_ variables: EventVariables?, schema: EventSchema) -> JoinedTrees.Plan {
    let named = inputs == [.automaticVariables] ? nil : variables
    return JoinedTrees.Plan(
      variables: named ?? EventVariables(automaticFor: schema), configuration: training,
      expectedShare: named == nil
        ? TreeShare.expectedOfAutomaticVariables : TreeShare.expectedOfNamedVariables)
  }

  /// Reads a section; what is not given keeps its value in the defaults.
  ///
  /// - Throws: `ConfigurationError` if a value is out of range.
  public init(_ node: ConfigurationNode?, defaults: TreeArm) throws {
    self = defaults
    training = try TreeConfiguration(node, defaults: defaults.training)
    guard let node else { return }
    leadingObjects = try node.int("leadingObjects", default: leadingObjects, in: 1...100)
    guard node.contains("inputs") else { return }
    let expected = "some of \(Input.allCases.map(\.rawValue).joined(separator: ", "))"
    inputs = try node.strings("inputs").map { word in
      guard let input = Input(rawValue: word) else {
        throw node.fail("inputs", found: word, expected: expected)
      }
      return input
    }
    guard !inputs.isEmpty, Set(inputs).count == inputs.count else {
      throw node.fail("inputs", found: "empty, or has one twice", expected: expected)
    }
  }
}
