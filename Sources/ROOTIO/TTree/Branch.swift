// SPDX-License-Identifier: Apache-2.0

import Runtime

/// One column of a tree, as the file describes it; ``Tree/read(_:entries:)`` reads its values.
public struct Branch: Sendable {
  /// How many values an entry has.
  public enum Shape: Sendable, Equatable {
    /// One.
    case flat
    /// As many in every entry.
    case fixed(Int)
    /// A number of its own in every entry.
    case jagged
    /// Lists within lists, so many levels of them.
    case nested(Int)
  }

  /// The name, as stored.
  ///
  /// A branch inside a split object has its parents in front: `evt/P3/P3.Px`.
  /// A leaf of a branch with several leaves has the branch in front: `position.x`.
  public let name: String
  /// The title, as stored.
  public let title: String
  /// The type of an entry.
  ///
  /// `float`, `double`, `int32`, `uint64`, `bool`, `string` …; with fixed dimensions
  /// `float[3][4]`; counted by another branch `float[nMuon]`; collections `vector<float>`. What
  /// cannot be read has the name of its C++ class.
  public let typeName: String
  /// The type of the values; `other` if the branch cannot be read.
  public let elementType: ElementType
  /// How many values an entry has; `flat` if the branch cannot be read.
  public let shape: Shape
  /// The number of entries.
  public let entryCount: Int
  /// The compression algorithm: `none`, `zlib`, `LZMA`, `LZ4` or `Zstandard`.
  public private(set) var compression: String
  /// The compression level, from 1 to 9; 0 for none, and where the file does not tell it.
  public private(set) var compressionLevel: Int
  /// The bytes of the baskets in the file, keys included, or of the pages of an RNTuple.
  public let compressedBytes: Int
  /// The bytes of the baskets once decompressed, keys included, or of the pages of an RNTuple.
  public let uncompressedBytes: Int
  /// The number of baskets, or of the pages of an RNTuple.
  public let basketCount: Int
  /// Whether the values can be read.
  public var isReadable: Bool { problem == nil }
  /// Why the values cannot be read.
  public var reason: String? { problem?.message }

  /// How values lie in baskets; `nil` in an RNTuple, and if the branch cannot be read.
  let layout: BranchLayout?
  let baskets: [BasketLocation]
  /// Where values are in an RNTuple; `nil` in a TTree, and if the branch cannot be read.
  let field: FieldLayout?
  let problem: DecodingFailure?
  /// The name without parents.
  let storedName: String
  /// Whether this is an object or a list whose members are branches of their own.
  let isSplit: Bool

  init(
    path: String, storedName: String, object: StreamedObject, interpretation: BranchInterpretation,
    index: Result<[BasketLocation], DecodingFailure>
  ) {
    name = path
    self.storedName = storedName
    isSplit = !object.items("fBranches").isEmpty
    title = object.string("fTitle") ?? ""
    typeName = interpretation.typeName
    entryCount = max(0, object.integer("fEntries") ?? 0)
    let fCompress = max(0, object.integer("fCompress") ?? 0)
    compressionLevel = fCompress % 100
    compression = Self.compression(fCompress)
    compressedBytes = max(0, object.integer("fZipBytes") ?? 0)
    uncompressedBytes = max(0, object.integer("fTotBytes") ?? 0)
    var problem: DecodingFailure?
    switch index {
    case .success(let locations): baskets = locations
    case .failure(let failure):
      baskets = []
      problem = failure
    }
    basketCount = baskets.count
    switch interpretation.layout {
    case .success(let layout) where problem == nil:
      self.layout = layout
      elementType = layout.element
      shape = layout.shape
    case .success:
      layout = nil
      elementType = .other
      shape = .flat
    case .failure(let failure):
      layout = nil
      elementType = .other
      shape = .flat
      problem = failure
    }
    self.problem = problem
    field = nil
  }

  /// Makes the branch of a field of an RNTuple.
  init(
    name: String, storedName: String, title: String, typeName: String, elementType: ElementType,
    shape: Shape, entryCount: Int, compression: Int, compressedBytes: Int, uncompressedBytes: Int,
    pageCount: Int, field: FieldLayout?, problem: DecodingFailure?
  ) {
    self.name = name
    self.storedName = storedName
    isSplit = false
    self.title = title
    self.typeName = typeName
    self.elementType = elementType
    self.shape = shape
    self.entryCount = entryCount
    self.compression = Self.compression(compression)
    compressionLevel = compression % 100
    self.compressedBytes = compressedBytes
    self.uncompressedBytes = uncompressedBytes
    basketCount = pageCount
    layout = nil
    baskets = []
    self.field = field
    self.problem = problem
  }

  private static func compression(_ fCompress: Int) -> String {
    switch (fCompress / 100, fCompress % 100) {
    case (_, 0): "none"
    case (2, _): "LZMA"
    case (4, _): "LZ4"
    case (5, _): "Zstandard"
    default: "zlib"
    }
  }

  /// Returns the first basket with entries behind a position; they follow one another.
  func firstBasket(endingAfter entry: Int) -> Int {
    baskets.firstIndexOfSorted { $0.entries.upperBound > entry }
  }

  /// Takes the compression from the first basket where the branch announces none.
  ///
  /// Some programs set the compression for the file alone, and leave `fCompress` of its branches
  /// at 0.
  mutating func findCompression(in storage: ByteStorage, fileCompression: Int) {
    guard compressionLevel == 0, compressedBytes < uncompressedBytes else { return }
    if storage.remote != nil {
      // Looking costs a request for every branch.
      compression = Self.compression(fileCompression)
      compressionLevel = max(0, fileCompression) % 100
      return
    }
    guard let algorithm = (try? baskets.first?.basket(in: storage))?.algorithm
    else { return }
    compression = algorithm.name
    if Self.compression(fileCompression) == compression {
      compressionLevel = max(0, fileCompression) % 100
    }
  }
}

/// Where the values of some consecutive entries are.
struct BasketLocation: Sendable {
  let entries: Range<Int>
  let place: Place

  enum Place: Sendable {
    case record(offset: Int, byteCount: Int)
    case embedded(Basket)
  }

  /// Lists the baskets of a branch that hold entries; together they hold all of them.
  static func index(of branch: StreamedObject) throws(DecodingFailure) -> [BasketLocation] {
    guard let fWriteBasket = branch.integer("fWriteBasket"),
      let fEntries = branch.integer("fEntries"),
      let fBasketBytes = branch.integers("fBasketBytes"),
      let fBasketEntry = branch.integers("fBasketEntry"),
      let fBasketSeek = branch.integers("fBasketSeek")
    else {
      throw .unsupported(
        branch.problem ?? "\(branch.className) of version \(branch.version) lacks its baskets")
    }
    if fEntries == 0 { return [] }
    if let other = branch.string("fFileName"), !other.isEmpty,
      fBasketSeek.contains(where: { $0 > 0 })
    {
      throw .unsupported(
        "its values are in another file, \(other). Copy the tree into one file with ROOT: "
          + "tree->CloneTree()")
    }
    let known = min(fBasketBytes.count, fBasketEntry.count, fBasketSeek.count)
    if fWriteBasket < 0 || fWriteBasket > known || fEntries < 0 {
      throw .corrupted("\(fWriteBasket) baskets announced, \(known) are listed", at: nil)
    }
    if let wrong = fBasketEntry.prefix(fWriteBasket + 1).first(where: {
      !(0...fEntries).contains($0)
    }) {
      throw .corrupted("a basket starts with entry \(wrong) of \(fEntries)", at: nil)
    }
    let inMemory = branch.object("fBaskets")?.array("items") ?? []
    var locations: [BasketLocation] = []
    var next = 0
    for index in 0...fWriteBasket where next < fEntries {
      var place: Place?
      var count: Int?
      if index < inMemory.count, case .basket(let basket) = inMemory[index] {
        if basket.fNevBuf > 0 {
          place = .embedded(basket)
          count = basket.fNevBuf
        }
      } else if index < known, fBasketSeek[index] > 0 {
        place = .record(offset: fBasketSeek[index], byteCount: fBasketBytes[index])
        let isLast = index + 1 >= known || index == fWriteBasket
        count = (isLast ? fEntries : fBasketEntry[index + 1]) - next
      }
      guard let place, let count, count > 0 else { continue }
      if index < known, fBasketEntry[index] != next {
        throw .corrupted(
          "basket \(index) starts with entry \(fBasketEntry[index]), the one before ends with "
            + "entry \(next)", at: nil)
      }
      if count > fEntries - next {
        throw .corrupted(
          "basket \(index) ends with entry \(next + count), the branch has \(fEntries)", at: nil)
      }
      locations.append(BasketLocation(entries: next..<(next + count), place: place))
      next += count
    }
    if next != fEntries {
      throw .corrupted("the baskets end with entry \(next), the branch has \(fEntries)", at: nil)
    }
    return locations
  }

  /// Reads the headers of the basket.
  func basket(in storage: ByteStorage) throws(DecodingFailure) -> Basket {
    let basket: Basket
    var position: Int?
    switch place {
    case .embedded(let known): basket = known
    case .record(let offset, let byteCount):
      position = offset
      basket = try Basket(in: storage, at: offset, byteCount: byteCount)
    }
    if basket.fNevBuf != entries.count {
      throw .corrupted(
        "the branch announces \(entries.count) entries, the basket says \(basket.fNevBuf)",
        at: position)
    }
    return basket
  }
}
