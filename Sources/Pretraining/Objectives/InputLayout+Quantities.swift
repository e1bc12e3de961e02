// SPDX-License-Identifier: Apache-2.0

import EventModel

/// The quantities of objects that objectives predict: those of ``QuantileBins``, by kind.
extension InputLayout {
  /// Quantities of all kinds: the momentum's, and the features of every kind.
  var quantityCount: Int { 4 + featureCount }

  /// The quantities that objects of a kind have.
  func quantities(ofKind kind: Int) -> Range<Int> {
    0..<4 + schema.objectKinds[kind].features.count
  }

  /// Returns the place of a kind's quantity among those of all kinds; the momentum's are shared.
  func column(ofQuantity quantity: Int, kind: Int) -> Int {
    quantity < 4 ? quantity : quantity + firstFeature[kind]
  }
}
