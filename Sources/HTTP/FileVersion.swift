// SPDX-License-Identifier: Apache-2.0

/// What tells versions of a file on a server apart.
///
/// Source: RFC 9110, section 8.8.
struct FileVersion: Sendable, Equatable {
  let entityTag: String?
  let lastModified: String?

  init(_ head: HTTPClient.Head) {
    entityTag = head["ETag"]
    lastModified = head["Last-Modified"]
  }

  var text: String? { entityTag ?? lastModified }

  /// The value of the header `If-Range`, for which weak tags are not allowed.
  var condition: String? {
    if let entityTag { return entityTag.hasPrefix("W/") ? nil : entityTag }
    return lastModified
  }

  /// Whether both may be of one version.
  func agrees(with other: FileVersion) -> Bool {
    if let entityTag, let tag = other.entityTag { return entityTag == tag }
    if let lastModified, let time = other.lastModified { return lastModified == time }
    return true
  }
}
