// SPDX-License-Identifier: Apache-2.0

/// What `manifest.json` says about an event store.
public struct StoreManifest: Codable, Sendable, Hashable {
  /// A file from which events were taken.
  public struct Source: Codable, Sendable, Hashable {
    /// The file.
    public var path: String
    /// Its size in bytes.
    public var size: Int
    /// When it was changed last, in seconds since 1970.
    public var modificationTime: Double
    /// The checksum of its content, as in `fnv1a-words:0123456789abcdef`.
    public var checksum: String
    /// The tree inside it.
    public var tree: String
    /// The number of entries that were read.
    public var entries: Int

    /// Makes the description of a file.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - size: Its size in bytes.
    ///   - modificationTime: When it was changed last, in seconds since 1970.
    ///   - checksum: The checksum of its content.
    ///   - tree: The tree inside it.
    ///   - entries: The number of entries that were read.
    public init(
      path: String, size: Int, modificationTime: Double, checksum: String, tree: String,
      entries: Int
    ) {
      self.path = path
      self.size = size
      self.modificationTime = modificationTime
      self.checksum = checksum
      self.tree = tree
      self.entries = entries
    }
  }

  /// One line of the cut flow.
  public struct Cut: Codable, Sendable, Hashable {
    /// The cut, as in `selection: nMuon >= 1`.
    public var name: String
    /// The number of events that passed it and all before it.
    public var passed: Int

    /// Makes a line.
    public init(name: String, passed: Int) {
      self.name = name
      self.passed = passed
    }
  }

  /// One file of the store.
  public struct Shard: Codable, Sendable, Hashable {
    /// Its name in the store's folder.
    public var file: String
    /// The number of its events.
    public var events: Int
    /// The number of its objects.
    public var objects: Int
  }

  /// The version of the format that this program writes.
  public static let currentFormatVersion = 1

  /// The version of the format.
  public var formatVersion: Int
  /// The program that wrote the store, with its version.
  public var program: String
  /// The name of the sample.
  public var sample: String
  /// What the events consist of.
  public var schema: EventSchema
  /// The schema's fingerprint.
  public var schemaFingerprint: String
  /// The part of the configuration that decided what is in the store, as YAML.
  public var configuration: String
  /// A checksum of that part.
  public var configurationFingerprint: String
  /// The files from which events were taken.
  public var sources: [Source]
  /// How many events passed each cut, in order.
  public var cutFlow: [Cut]
  /// The files of the store.
  public var shards: [Shard]
  /// The number of events.
  public var eventCount: Int
  /// The number of objects.
  public var objectCount: Int
  /// The number of events with 0 objects, with 1 object and so on.
  public var multiplicityHistogram: [Int]
  /// The sum of the events' weights.
  public var weightSum: Double
  /// How the numbers are distributed.
  public var statistics: StoreStatistics

  /// Makes the manifest of an empty store.
  public init(schema: EventSchema, sample: String = "", program: String = "lorentz") {
    formatVersion = Self.currentFormatVersion
    self.program = program
    self.sample = sample
    self.schema = schema
    schemaFingerprint = schema.fingerprint
    configuration = ""
    configurationFingerprint = ""
    sources = []
    cutFlow = []
    shards = []
    eventCount = 0
    objectCount = 0
    multiplicityHistogram = []
    weightSum = 0
    statistics = StoreStatistics()
  }
}

/// How the numbers of a store are distributed, for scaling and for dividing them into bins.
public struct StoreStatistics: Codable, Sendable, Hashable {
  /// The distribution of one quantity; missing values do not count.
  public struct Distribution: Codable, Sendable, Hashable {
    /// The number of values.
    public var count = 0
    /// Their mean; 0 without values.
    public var mean = 0.0
    /// Their standard deviation; 0 without values.
    public var standardDeviation = 0.0
    /// Quantiles at 0, 1/32, ..., 1: the edges of 32 bins of equal content.
    ///
    /// They never fall, but neighbors are equal where a value is frequent; empty without values.
    public var quantiles: [Float] = []

    /// Makes the distribution of no values.
    public init() {}

    /// Makes the distribution of some values.
    public init(_ values: [Float]) {
      guard !values.isEmpty else { return }
      count = values.count
      mean = values.reduce(0) { $0 + Double($1) } / Double(count)
      let center = mean
      let variance = values.reduce(0) { $0 + (Double($1) - center) * (Double($1) - center) }
      standardDeviation = (variance / Double(count)).squareRoot()
      let sorted = values.sorted()
      let last = Double(count - 1)
      quantiles = (0...32).map { step in
        let position = last * Double(step) / 32
        let lower = Int(position)
        let fraction = Float(position - Double(lower))
        let upper = min(lower + 1, count - 1)
        return sorted[lower] + (sorted[upper] - sorted[lower]) * fraction
      }
    }
  }

  /// The distributions of one kind of object.
  public struct Kind: Codable, Sendable, Hashable {
    /// The name of the kind.
    public var name: String
    /// The number of objects that were looked at.
    public var count = 0
    /// ln(pt / GeV) of the objects with pt above 0.
    public var logarithmOfPt = Distribution()
    /// The pseudorapidity; no values if the kind has none.
    public var eta = Distribution()
    /// The mass in GeV; no values if the kind has none.
    public var mass = Distribution()
    /// The features, in the order of the schema.
    public var features: [Distribution] = []

    /// Makes the distributions of a kind without objects.
    public init(name: String) { self.name = name }
  }

  /// The largest number of events that are looked at.
  public static let largestEventCount = 200_000

  /// The number of events that were looked at, spread evenly over the store.
  public var eventCount = 0
  /// One element per kind, in the order of the schema.
  public var kinds: [Kind] = []
  /// The scalars, in the order of the schema.
  public var scalars: [Distribution] = []

  /// Makes the statistics of no events.
  public init() {}
}
