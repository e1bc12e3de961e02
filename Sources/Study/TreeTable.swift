// SPDX-License-Identifier: Apache-2.0

import Classification
import Events
import Foundation
import Runtime
import Torch

/// Makes the inputs of boosted trees from events.
struct TreeTable {
  private let variables: [EventVariables]
  private let objects: LeadingObjects?
  private let embedder: Classifier?

  /// Decides the columns.
  ///
  /// - Parameters:
  ///   - arm: The inputs.
  ///   - training: The training events, which alone are looked at.
  ///   - variables: The variables of the configuration.
  ///   - embedder: What gives the event vectors, where the arm asks for them.
  init(_ arm: TreeArm, training: EventBatch, variables: EventVariables?, embedder: Classifier?) {
    self.variables = arm.inputs.compactMap { Self.variables(of: $0, variables, training.schema) }
    objects =
      arm.inputs.contains(.objects)
      ? LeadingObjects(of: training, maximum: arm.leadingObjects) : nil
    self.embedder = embedder
  }

  /// Returns what tells collisions from labeled background for trees: the event vectors if they
  /// are inputs, else the variables as a linear map can use them.
  func regressionInputs(
    _ source: any EventSource, training: [Int]
  ) throws -> (EventBatch) throws -> Tensor {
    if let embedder { return embedder.embeddings(of:) }
    let batch = try source.batch(events: training)
    let inputs = try variables.map { try VariableInputs($0, training: batch) }
    return { batch in
      Tensor.concatenate(try inputs.map { try $0.columns(of: batch) }, dimension: 1)
    }
  }

  /// Returns the variables that a group of inputs stands for, or `nil` where it stands for others.
  static func variables(
    of input: TreeArm.Input, _ configured: EventVariables?, _ schema: EventSchema
  ) -> EventVariables? {
    switch input {
    case .variables: configured ?? EventVariables(automaticFor: schema)
    case .automaticVariables: EventVariables(automaticFor: schema)
    case .objects, .embedding: nil
    }
  }

  /// Returns the inputs of some events of a source.
  ///
  /// - Returns: Row by row, shape `[events.count, width]`, and the number of columns.
  /// - Throws: What the source throws; `ExpressionError` where lists of an event do not fit together;
  ///   `TorchError`; `InterruptedError` on Ctrl-C.
  func values(
    of source: any EventSource, events: [Int]
  ) throws -> (values: [Float], width: Int) {
    var result: [Float] = []
    var width = 0
    for start in stride(from: 0, to: events.count, by: 1024) {
      try Interruption.check()
      let batch = try source.batch(events: Array(events[start..<min(start + 1024, events.count)]))
      var parts: [[Float]] = []
      for variables in variables { parts.append(try variables.values(of: batch)) }
      if let objects { parts.append(objects.values(of: batch)) }
      if let embedder {
        parts.append(try withTorchErrors { try embedder.embeddings(of: batch).floats() })
      }
      let widths = parts.map { $0.count / batch.eventCount }
      width = widths.reduce(0, +)
      for event in 0..<batch.eventCount {
        for (part, width) in zip(parts, widths) {
          result += part[event * width..<(event + 1) * width]
        }
      }
    }
    return (result, width)
  }
}
