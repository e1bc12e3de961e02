// SPDX-License-Identifier: Apache-2.0

extension Tree {
  /// Decodes all of an RNTuple but its values.
  convenience init(
    rntuple name: String, path: String, storage: ByteStorage, key: KeyRecord
  ) throws(ROOTFileError) {
    do throws(DecodingFailure) {
      let (slice, _) = try KeyRecord.record(
        in: storage, at: key.fSeekKey, className: key.fClassName)
      let rntuple = try RNTuple(anchor: RNTupleAnchor(slice), file: storage)
      let fields = FieldBranches(rntuple)
      self.init(
        name: name, path: path, storage: storage, entryCount: rntuple.entryCount,
        branches: fields.branches, aliases: fields.aliases, rntuple: rntuple)
    } catch {
      throw error.located(file: path, object: name)
    }
  }
}
