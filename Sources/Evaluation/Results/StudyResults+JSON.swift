// SPDX-License-Identifier: Apache-2.0

import Foundation
import Runtime

extension StudyResults {
  /// Writes the results as JSON; losses that are not numbers become the texts "NaN" and
  /// "Infinity".
  ///
  /// - Throws: `FileSystemError` if the file cannot be written.
  public func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    var data = try encoder.encode(self)
    data.append(UInt8(ascii: "\n"))
    try writeAtomically(data, to: path)
  }

  /// Reads results that ``write(to:)`` wrote.
  ///
  /// - Throws: ``EvaluationError`` with code `unreadableResults` or `inconsistentResults`, or
  ///   `FileSystemError` if the file cannot be read.
  public init(contentsOf path: String) throws {
    let data = try readFile(path)
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    do {
      self = try decoder.decode(StudyResults.self, from: data)
    } catch let error as DecodingError {
      throw EvaluationError(
        .unreadableResults, cannot: "read \(path)", because: Self.reason(error),
        remedy: "Give a results.json of this version, or run the study again.")
    }
    try validate()
  }

  private static func reason(_ error: DecodingError) -> String {
    func place(_ context: DecodingError.Context, _ last: String? = nil) -> String {
      let keys = context.codingPath.map(\.stringValue) + (last.map { [$0] } ?? [])
      return keys.joined(separator: ".")
    }
    return switch error {
    case .keyNotFound(let key, let context): "\(place(context, key.stringValue)) is missing"
    case .valueNotFound(_, let context): "\(place(context)) is null"
    case .typeMismatch(let type, let context): "\(place(context)) is not of type \(type)"
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      "\(place(context)) is not valid"
    default: "it is not JSON"
    }
  }
}
