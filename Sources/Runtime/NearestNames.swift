// SPDX-License-Identifier: Apache-2.0

/// Returns the names closest to a misspelled one, best first, for error messages.
///
///     nearestNames(to: "nMoun", among: ["nMuon", "nElectron", "run"])   // ["nMuon"]
///
/// Closeness is the Damerau-Levenshtein distance (insertion, deletion, substitution, exchange of
/// neighbors), case ignored. A name that contains the wanted one, or is contained in it, counts
/// as close too, so that `Muon` finds `nMuon` and `Muon_pt`.
///
/// - Parameters:
///   - name: What the user wrote.
///   - candidates: The names that exist.
///   - limit: The largest number of names returned.
/// - Returns: At most `limit` names; empty where nothing is similar.
public func nearestNames(
  to name: String, among candidates: some Sequence<String>, limit: Int = 3
) -> [String] {
  let wanted = name.lowercased()
  let tolerance = max(2, wanted.count / 3)
  var ranked: [(distance: Int, name: String)] = []
  for candidate in candidates {
    let lowered = candidate.lowercased()
    let distance = editDistance(Array(wanted.utf8), Array(lowered.utf8))
    if distance <= tolerance {
      ranked.append((distance, candidate))
    } else if lowered.contains(wanted) || (lowered.count >= 3 && wanted.contains(lowered)) {
      ranked.append((tolerance + distance, candidate))
    }
  }
  ranked.sort { ($0.distance, $0.name) < ($1.distance, $1.name) }
  return ranked.prefix(limit).map(\.name)
}

/// Returns a sentence that lists the nearest names, or an empty string where none is near.
///
///     nearestNamesHint(for: "nMoun", among: ["nMuon"])   // " Did you mean nMuon?"
public func nearestNamesHint(for name: String, among candidates: some Sequence<String>) -> String {
  let names = nearestNames(to: name, among: candidates)
  return names.isEmpty ? "" : " Did you mean \(names.joined(separator: ", "))?"
}

/// Returns the optimal string alignment distance.
///
/// O(a.count * b.count) time, three rows of memory.
private func editDistance(_ first: [UInt8], _ second: [UInt8]) -> Int {
  if first.isEmpty { return second.count }
  if second.isEmpty { return first.count }
  var beforePrevious = [Int](repeating: 0, count: second.count + 1)
  var previous = Array(0...second.count)
  for row in 1...first.count {
    var current = [Int](repeating: 0, count: second.count + 1)
    current[0] = row
    for column in 1...second.count {
      let substitution = first[row - 1] == second[column - 1] ? 0 : 1
      var best = min(
        previous[column] + 1, current[column - 1] + 1, previous[column - 1] + substitution)
      if row > 1, column > 1, first[row - 1] == second[column - 2],
        first[row - 2] == second[column - 1]
      {
        best = min(best, beforePrevious[column - 2] + 1)
      }
      current[column] = best
    }
    beforePrevious = previous
    previous = current
  }
  return previous[second.count]
}
