// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Runtime
import Torch

/// A backbone with a linear head on its event vector, and on high-level variables if there are any.
public final class Classifier: Module {
  /// The event Transformer.
  public let backbone: EventTransformer
  /// The names of the classes, by label.
  public let classNames: [String]
  /// The high-level variables that the head reads beside the event vector.
  public let variables: VariableInputs?
  let head: Linear

  /// Makes a classifier whose head is zero, so that all classes are equally likely at first.
  ///
  /// - Parameters:
  ///   - backbone: The event Transformer.
  ///   - classNames: The names of the classes, by label; at least two.
  ///   - variables: High-level variables that the head reads beside the event vector.
  public init(
    backbone: EventTransformer, classNames: [String], variables: VariableInputs? = nil
  ) {
    precondition(classNames.count >= 2, "A classifier needs at least two classes.")
    self.backbone = backbone
    self.classNames = classNames
    self.variables = variables
    var generator = CounterBasedGenerator(seed: 0, purpose: .initialization)
    let width = backbone.configuration.width + (variables?.width ?? 0)
    head = Linear(inputWidth: width, outputWidth: classNames.count, generator: &generator)
    setHead(
      weight: [Float](repeating: 0, count: width * classNames.count),
      bias: [Float](repeating: 0, count: classNames.count))
    head.move(to: backbone.device)
  }

  /// The classifier has no parameters beside those of its parts.
  public var ownParameters: [(name: String, parameter: Parameter)] { [] }

  /// The backbone and the head.
  public var children: [(name: String, module: any Module)] {
    [("backbone", backbone), ("head", head)]
  }

  /// Returns the logits of the classes.
  ///
  /// - Parameters:
  ///   - batch: The events.
  ///   - dropout: The source of dropped values while training; `nil` in evaluation.
  ///   - skippedLayers: Layers of the encoder that the batch goes past.
  /// - Returns: Shape `[B, C]`.
  /// - Throws: `ExpressionError` if a variable cannot be computed.
  public func logits(
    _ batch: EventBatch, dropout: Generator? = nil, skippedLayers: Set<Int> = []
  ) throws -> Tensor {
    head(try headInputs(batch, dropout: dropout, skippedLayers: skippedLayers))
  }

  /// Returns the logits of the classes, shape `[B, C]`, and the event vectors that they are from.
  ///
  /// The event vectors are those of the backbone, without variables: shape `[B, D]`.
  func logitsAndVectors(_ batch: EventBatch) throws -> (logits: Tensor, vectors: Tensor) {
    let vectors = backbone.eventVectors(backbone.input(batch))
    return (head(try withVariables(vectors, of: batch)), vectors)
  }

  /// Returns the logits of the classes; gradients end at the head.
  func headLogits(_ batch: EventBatch, dropout: Generator?) throws -> Tensor {
    head(try withoutGradients { try headInputs(batch, dropout: dropout) })
  }

  /// Returns what the head reads: the event vectors of the backbone, then the variables.
  ///
  /// Shape `[B, D + variables]`.
  ///
  /// - Throws: `ExpressionError` if a variable cannot be computed.
  public func embeddings(of batch: EventBatch) throws -> Tensor {
    try withoutGradients { try headInputs(batch, dropout: nil) }
  }

  private func headInputs(
    _ batch: EventBatch, dropout: Generator?, skippedLayers: Set<Int> = []
  ) throws -> Tensor {
    try withVariables(
      backbone.eventVectors(
        backbone.input(batch), dropout: dropout, skippedLayers: skippedLayers), of: batch)
  }

  /// Appends the variables to the event vectors, if there are any.
  private func withVariables(_ vectors: Tensor, of batch: EventBatch) throws -> Tensor {
    guard let variables else { return vectors }
    let columns = try variables.columns(of: batch, device: backbone.device)
    return Tensor.concatenate([vectors, columns], dimension: 1)
  }

  /// Sets the head.
  ///
  /// - Parameters:
  ///   - weight: Shape `[C, D + variables]`, row by row.
  ///   - bias: Shape `[C]`.
  func setHead(weight: [Float], bias: [Float]) {
    let width = backbone.configuration.width + (variables?.width ?? 0)
    withoutGradients {
      for (name, parameter) in head.namedParameters() {
        let value =
          name == "weight" ? Tensor(weight, shape: [classNames.count, width]) : Tensor(bias)
        parameter.value.copy(from: value)
      }
    }
  }
}
