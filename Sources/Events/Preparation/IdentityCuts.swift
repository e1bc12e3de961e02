// SPDX-License-Identifier: Apache-2.0

/// The cuts on what an event is called: certified luminosity blocks, and events not seen before.
struct IdentityCuts {
  /// The luminosity blocks that count; `nil` for all.
  let mask: LuminosityMask?
  /// Whether an event that was seen before is dropped.
  let dropsDuplicates: Bool
  /// 34 to 53 bytes for each event, measured from 300,000 to 10 million.
  private var seen: Set<EventIdentity> = []

  init(mask: LuminosityMask?, dropsDuplicates: Bool) {
    self.mask = mask
    self.dropsDuplicates = dropsDuplicates
  }

  /// Returns what needs an identifier.
  ///
  /// - Parameter key: One of `EventsConfiguration.identifierNames`.
  /// - Returns: Its name in messages; `nil` where nothing does.
  func user(of key: String) -> String? {
    if mask != nil, key != "event" { return "luminosity mask" }
    return dropsDuplicates ? "search for duplicates" : nil
  }

  /// Returns whether an entry is of a luminosity block that counts.
  ///
  /// - Throws: ``PreparationError`` if run or block are not known.
  func isCertified(_ origin: EventOrigin, in chunk: ColumnChunk) throws -> Bool {
    guard let mask else { return true }
    return mask.contains(
      run: try known(origin.run, "run", of: origin, in: chunk),
      luminosityBlock: try known(origin.luminosityBlock, "luminosityBlock", of: origin, in: chunk))
  }

  /// Returns whether an entry is no event that there was before, and remembers it.
  ///
  /// - Throws: ``PreparationError`` if it is not known which event it is.
  mutating func isNew(_ origin: EventOrigin, in chunk: ColumnChunk) throws -> Bool {
    guard dropsDuplicates else { return true }
    let run = try known(origin.run, "run", of: origin, in: chunk)
    let block = try known(origin.luminosityBlock, "luminosityBlock", of: origin, in: chunk)
    let event = try known(origin.event, "event", of: origin, in: chunk)
    guard let identity = EventIdentity(run: run, luminosityBlock: block, event: event) else {
      throw failure(
        "run \(run), luminosity block \(block) of entry \(origin.entry ?? 0) are larger than any "
          + "that was recorded.", in: chunk)
    }
    return seen.insert(identity).inserted
  }

  private func known(
    _ number: Int?, _ name: String, of origin: EventOrigin, in chunk: ColumnChunk
  ) throws -> Int {
    if let number { return number }
    throw failure(
      "\(name) is no whole number from 0 in entry \(origin.entry ?? 0). The luminosity mask and the "
        + "search for duplicates need one.", in: chunk)
  }

  private func failure(_ statement: String, in chunk: ColumnChunk) -> PreparationError {
    PreparationError(.invalidValue, sample: chunk.sample, file: chunk.file, statement)
  }
}
