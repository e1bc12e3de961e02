// SPDX-License-Identifier: Apache-2.0

/// Returns whether the name of a file is an address on the web, `http://…` or `https://…`.
public func isWebAddress(_ name: String) -> Bool {
  let start = name.prefix(8).lowercased()
  return start.hasPrefix("http://") || start.hasPrefix("https://")
}
