// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The pages of a branch's columns of which a scan has read some elements but not all, decoded.
final class BegunPages: Sendable {
  /// A page of one of the columns.
  struct Key: Hashable, Sendable {
    let column: Int
    let page: Int
  }

  // Arrays of the type that the column has.
  private let pages = Begun<Key, any Sendable>()
  /// The last elements of pages that were opened: where the first collection of the next one starts.
  private let lastElements = Mutex<[Key: any Sendable]>([:])

  /// Returns elements of a page that is begun, or opens it.
  ///
  /// Of the wanted elements `fresh` count as read. If `keepsLast`, the last element of the page may
  /// be wanted again when all are read.
  func elements<Element: Sendable>(
    _ wanted: Range<Int>, of key: Key, elementCount: Int, fresh: Int, keepsLast: Bool,
    open: () throws(ROOTFileError) -> [Element]
  ) throws(ROOTFileError) -> ArraySlice<Element> {
    if fresh == 0 {
      if let last = lastElements.withLock({ $0[key] }) as? Element { return [last] }
      return try open()[wanted]
    }
    if fresh == elementCount, !keepsLast { return try open()[wanted] }
    let page = try pages.item(key, size: elementCount, taken: fresh) {
      () throws(ROOTFileError) -> any Sendable in
      let page = try open()
      if keepsLast, let last = page.last { lastElements.withLock { $0[key] = last } }
      return page
    }
    guard let page = page as? [Element] else {
      preconditionFailure("A column has elements of one type.")
    }
    return page[wanted]
  }
}
