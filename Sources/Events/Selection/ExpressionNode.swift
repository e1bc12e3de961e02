// SPDX-License-Identifier: Apache-2.0

/// The tree of an expression whose names are known.
indirect enum ExpressionNode: Sendable {
  case number(Double)
  case column(String, at: Int)
  case binary(String, ExpressionNode, ExpressionNode, at: Int)
  case negation(ExpressionNode)
  case not(ExpressionNode)
  case call(String, ExpressionFunction, [ExpressionNode], at: Int)
  /// The element of a list, counted from 0.
  case element(ExpressionNode, Int, at: Int)
  /// A function of objects: a list over combinations where an argument is a whole kind.
  case objects(String, ObjectFunction, [ObjectReference], at: Int)
}

/// An object, or all objects of a kind, as an argument of a function.
struct ObjectReference: Hashable, Sendable {
  /// A quantity of the objects of a kind.
  enum Quantity: Hashable, Sendable {
    case pt, eta, phi, mass
    /// A feature by its position in the kind's list.
    case feature(Int)
  }

  /// The kind, a position in the schema's list.
  let kind: Int
  /// The rank from 0 in falling ``order``; `nil` means every object of the kind.
  let rank: Int?
  /// The quantity that ranks the objects.
  let order: Quantity
}

/// What the names of an expression can stand for.
enum ExpressionNames {
  /// Columns of a file, whichever there are.
  case columns
  /// Kinds of objects and scalars of events.
  case events(EventSchema)
}
