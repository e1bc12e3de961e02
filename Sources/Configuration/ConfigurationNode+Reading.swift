// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime

extension ConfigurationNode {
  // MARK: - Values of a mapping

  /// Returns a required text; a number or Boolean counts as the text that was written.
  public func string(_ key: String) throws(ConfigurationError) -> String {
    try required(key, "a text").asString()
  }

  /// Returns a text, or the default where the key is absent.
  public func string(
    _ key: String, default value: String
  ) throws(ConfigurationError) -> String {
    try optionalString(key) ?? value
  }

  /// Returns a text, or `nil` where the key is absent.
  public func optionalString(_ key: String) throws(ConfigurationError) -> String? {
    try child(key)?.asString()
  }

  /// Returns an integer; `1e5` and `1_000` are integers too.
  ///
  /// - Parameters:
  ///   - key: The key.
  ///   - value: What an absent key means; `nil` makes the key required.
  ///   - range: The values allowed, as in `1...`.
  /// - Returns: The integer.
  /// - Throws: ``ConfigurationError``.
  public func int(
    _ key: String, default value: Int? = nil, in range: some RangeExpression<Int> = Int.min...
  ) throws(ConfigurationError) -> Int {
    if let value, child(key) == nil { return value }
    return try required(key, Self.expected("an integer", range)).asInt(in: range)
  }

  /// Returns an integer, or `nil` where the key is absent.
  public func optionalInt(
    _ key: String, in range: some RangeExpression<Int> = Int.min...
  ) throws(ConfigurationError) -> Int? {
    try child(key)?.asInt(in: range)
  }

  /// Returns a finite number.
  ///
  /// - Parameters:
  ///   - key: The key.
  ///   - value: What an absent key means; `nil` makes the key required.
  ///   - range: The values allowed, as in `0...1`; `.positive` for those above 0.
  /// - Returns: The number.
  /// - Throws: ``ConfigurationError``.
  public func double(
    _ key: String, default value: Double? = nil,
    in range: some RangeExpression<Double> = (-Double.infinity)...
  ) throws(ConfigurationError) -> Double {
    if let value, child(key) == nil { return value }
    return try required(key, Self.expected("a number", range)).asDouble(in: range)
  }

  /// Returns a finite number, or `nil` where the key is absent.
  public func optionalDouble(
    _ key: String, in range: some RangeExpression<Double> = (-Double.infinity)...
  ) throws(ConfigurationError) -> Double? {
    try child(key)?.asDouble(in: range)
  }

  /// Returns `true` or `false`.
  ///
  /// The default is what an absent key means; `nil` makes the key required.
  public func bool(_ key: String, default value: Bool? = nil) throws(ConfigurationError) -> Bool {
    if let value, child(key) == nil { return value }
    return try required(key, "true or false").asBool()
  }

  /// Returns one of the cases of an enumeration.
  ///
  /// - Parameters:
  ///   - key: The key.
  ///   - value: What an absent key means; `nil` makes the key required.
  /// - Returns: The case.
  /// - Throws: ``ConfigurationError``, which lists the choices.
  public func choice<T: RawRepresentable & CaseIterable>(
    _ key: String, default value: T? = nil
  ) throws(ConfigurationError) -> T where T.RawValue == String {
    if let value, child(key) == nil { return value }
    let names = T.allCases.map(\.rawValue)
    let expected = "one of \(names.joined(separator: ", "))"
    let node = try required(key, expected)
    if case .scalar(let text, _) = node.content {
      if let result = T(rawValue: text) { return result }
      throw node.fail(expected: expected, remedy: Self.hint(text, among: names))
    }
    throw node.fail(expected: expected)
  }

  /// Returns a list of texts, empty where the key is absent; a single text is a list of one.
  public func strings(_ key: String) throws(ConfigurationError) -> [String] {
    var result: [String] = []
    for node in try elements(key, "a text or a list of texts") {
      result.append(try node.asString())
    }
    return result
  }

  /// Returns a list of integers, empty where the key is absent; a single one is a list of one.
  public func ints(
    _ key: String, in range: some RangeExpression<Int> = Int.min...
  ) throws(ConfigurationError) -> [Int] {
    var result: [Int] = []
    for node in try elements(key, "an integer or a list of integers") {
      result.append(try node.asInt(in: range))
    }
    return result
  }

  /// Returns a list of finite numbers, empty where the key is absent; a single one is a list of one.
  public func doubles(
    _ key: String, in range: some RangeExpression<Double> = (-Double.infinity)...
  ) throws(ConfigurationError) -> [Double] {
    var result: [Double] = []
    for node in try elements(key, "a number or a list of numbers") {
      result.append(try node.asDouble(in: range))
    }
    return result
  }

  // MARK: - Parts

  /// Returns a value of any shape, or `nil` where the key is absent.
  public func value(_ key: String) -> ConfigurationNode? { child(key) }

  /// Returns a mapping inside this one, or `nil` where the key is absent.
  public func node(_ key: String) throws(ConfigurationError) -> ConfigurationNode? {
    guard let node = child(key) else { return nil }
    guard node.isMapping else { throw node.fail(expected: "a mapping of keys to values") }
    return node
  }

  /// Returns a mapping inside this one.
  public func requiredNode(_ key: String) throws(ConfigurationError) -> ConfigurationNode {
    let node = try required(key, "a mapping of keys to values")
    guard node.isMapping else { throw node.fail(expected: "a mapping of keys to values") }
    return node
  }

  /// Returns a list of mappings, empty where the key is absent.
  public func nodes(_ key: String) throws(ConfigurationError) -> [ConfigurationNode] {
    guard let list = child(key) else { return [] }
    guard case .sequence(let nodes) = list.content else {
      throw list.fail(expected: "a list of mappings")
    }
    for node in nodes where !node.isMapping {
      throw node.fail(expected: "a mapping of keys to values")
    }
    return nodes
  }

  /// Returns the entries of a mapping with free names, in their order; empty where it is absent.
  public func entries(
    _ key: String
  ) throws(ConfigurationError) -> [(name: String, value: ConfigurationNode)] {
    guard let node = try node(key) else { return [] }
    return node.ownEntries()
  }

  /// Returns the entries of this mapping, in their order.
  public func ownEntries() -> [(name: String, value: ConfigurationNode)] {
    guard case .mapping(let entries) = content else { return [] }
    return entries.map { entry in
      entry.node.use = .read
      return (entry.key, entry.node)
    }
  }

  /// Marks keys as somebody else's, so that ``finish()`` does not report them or what they hold.
  public func skip(_ keys: [String]) {
    for key in keys {
      askedKeys.insert(key)
      entry(key)?.node.use = .skipped
    }
  }

  // MARK: - This value

  /// Returns this value as a text.
  public func asString() throws(ConfigurationError) -> String {
    guard case .scalar(let text, _) = content, !isNull else { throw fail(expected: "a text") }
    return text
  }

  /// Returns this value as an integer.
  public func asInt(
    in range: some RangeExpression<Int> = Int.min...
  ) throws(ConfigurationError) -> Int {
    guard case .scalar(let text, isPlain: true) = content, let value = Self.integer(text),
      range.contains(value)
    else { throw fail(expected: Self.expected("an integer", range)) }
    return value
  }

  /// Returns this value as a finite number.
  public func asDouble(
    in range: some RangeExpression<Double> = (-Double.infinity)...
  ) throws(ConfigurationError) -> Double {
    guard case .scalar(let text, isPlain: true) = content,
      let value = Double(text.replacing("_", with: "")), value.isFinite, range.contains(value)
    else { throw fail(expected: Self.expected("a number", range)) }
    return value
  }

  /// Returns this value as a Boolean.
  public func asBool() throws(ConfigurationError) -> Bool {
    if case .scalar(let text, isPlain: true) = content {
      if ["true", "True", "TRUE"].contains(text) { return true }
      if ["false", "False", "FALSE"].contains(text) { return false }
    }
    throw fail(expected: "true or false")
  }

  // MARK: - Private parts

  /// Returns the value of a key and notes that it was asked for; `null` counts as absent.
  private func child(_ key: String) -> ConfigurationNode? {
    askedKeys.insert(key)
    guard let entry = entry(key) else { return nil }
    entry.node.use = .read
    return entry.node.isNull ? nil : entry.node
  }

  private func required(
    _ key: String, _ expected: String
  ) throws(ConfigurationError) -> ConfigurationNode {
    if let node = child(key) { return node }
    let isEmpty = entry(key) != nil
    // A misspelled key is the most likely cause, so unread neighbors are named.
    var unread: [String] = []
    if case .mapping(let entries) = content {
      unread = entries.filter { $0.node.use == .unread }.map(\.key)
    }
    let near = nearestNames(to: key, among: unread)
    throw ConfigurationError(
      code: .missingKey, location: entry(key)?.node.location ?? location,
      statement: "\(path(of: key)) is \(isEmpty ? "empty" : "missing"); expected \(expected).",
      remedy: near.isEmpty ? "" : "Is \(near.joined(separator: ", ")) a misspelling of it?")
  }

  private func elements(
    _ key: String, _ expected: String
  ) throws(ConfigurationError) -> [ConfigurationNode] {
    guard let node = child(key) else { return [] }
    switch node.content {
    case .scalar: return [node]
    case .sequence(let nodes): return nodes
    case .mapping: throw node.fail(expected: expected)
    }
  }

  func nearestHint(_ key: String) -> String { Self.hint(key, among: Array(askedKeys)) }

  private static func hint(_ name: String, among names: [String]) -> String {
    String(nearestNamesHint(for: name, among: names).drop { $0 == " " })
  }

  /// Returns an integer, also from `1_000`, `1e5` and `5.0`.
  private static func integer(_ text: String) -> Int? {
    let digits = text.replacing("_", with: "")
    if let value = Int(digits) { return value }
    guard let value = Double(digits), abs(value) <= 0x1p53 else { return nil }
    return Int(exactly: value)
  }

  /// Returns what was expected, in words, as in `an integer of at least 1`.
  private static func expected<T>(_ noun: String, _ range: some RangeExpression<T>) -> String {
    switch range {
    case let range as PartialRangeFrom<Int>:
      range.lowerBound == .min ? noun : "\(noun) of at least \(range.lowerBound)"
    case let range as PartialRangeFrom<Double>:
      range.lowerBound == -.infinity
        ? noun
        : range.lowerBound == .leastNonzeroMagnitude
          ? "\(noun) above 0" : "\(noun) of at least \(short(range.lowerBound))"
    case let range as ClosedRange<Int>:
      "\(noun) from \(range.lowerBound) to \(range.upperBound)"
    case let range as ClosedRange<Double>:
      "\(noun) from \(short(range.lowerBound)) to \(short(range.upperBound))"
    case let range as Range<Int>:
      "\(noun) of at least \(range.lowerBound) and below \(range.upperBound)"
    case let range as Range<Double>:
      "\(noun) of at least \(short(range.lowerBound)) and below \(short(range.upperBound))"
    default: "\(noun) in \(range)"
    }
  }

  /// Returns a number without a fraction of zero, as people write it.
  private static func short(_ value: Double) -> String {
    Int(exactly: value).map { "\($0)" } ?? "\(value)"
  }
}

extension RangeExpression where Self == PartialRangeFrom<Double> {
  /// All numbers above 0.
  public static var positive: PartialRangeFrom<Double> { Double.leastNonzeroMagnitude... }
}
