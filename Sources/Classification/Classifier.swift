// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Runtime
import Torch

/// A backbone with a linear head on its event vector.
public final class Classifier: Module {
  /// The event Transformer.
  public let backbone: EventTransformer
  /// The names of the classes, by label.
  public let classNames: [String]
  let head: Linear

  /// Makes a classifier whose head is zero, so that all classes are equally likely at first.
  ///
  /// - Parameters:
  ///   - backbone: The event Transformer.
  ///   - classNames: The names of the classes, by label; at least two.
  public init(backbone: EventTransformer, classNames: [String]) {
    precondition(classNames.count >= 2, "A classifier needs at least two classes.")
    self.backbone = backbone
    self.classNames = classNames
    var generator = CounterBasedGenerator(seed: 0, purpose: .initialization)
    let width = backbone.configuration.width
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
  public func logits(
    _ batch: EventBatch, dropout: Generator? = nil, skippedLayers: Set<Int> = []
  ) -> Tensor {
    head(
      backbone.eventVectors(
        backbone.input(batch), dropout: dropout, skippedLayers: skippedLayers))
  }

  /// Returns the logits of the classes; gradients end at the head.
  func headLogits(_ batch: EventBatch, dropout: Generator?) -> Tensor {
    head(withoutGradients { backbone.eventVectors(backbone.input(batch), dropout: dropout) })
  }

  /// Returns the event vectors of the backbone.
  ///
  /// Shape `[events, D]`, row by row.
  ///
  /// - Throws: `EventStoreError` if an event is damaged.
  public func embeddings(of batch: EventBatch) -> Tensor {
    withoutGradients { backbone.eventVectors(backbone.input(batch)) }
  }

  /// Sets the head.
  ///
  /// - Parameters:
  ///   - weight: Shape `[C, D]`, row by row.
  ///   - bias: Shape `[C]`.
  func setHead(weight: [Float], bias: [Float]) {
    let width = backbone.configuration.width
    withoutGradients {
      for (name, parameter) in head.namedParameters() {
        let value =
          name == "weight" ? Tensor(weight, shape: [classNames.count, width]) : Tensor(bias)
        parameter.value.copy(from: value)
      }
    }
  }
}
