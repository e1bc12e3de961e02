// SPDX-License-Identifier: Apache-2.0

import Configuration
import Events
import Foundation
import ROOTIO
import Runtime
import TestSupport
import Testing

/// Columns in memory.
struct MemorySource: ColumnSource {
  let name = "memory.root"
  var columns: [Column]
  var texts: Set<String> = []
  var entryCount: Int { columns[0].entryCount }
  var columnNames: [String] { columns.map(\.name) }

  func status(of column: String) -> ColumnStatus {
    if texts.contains(column) { return .unreadable("it holds text") }
    return columnNames.contains(column) ? .readable : .missing
  }

  func read(_ names: [String], entries: Range<Int>) throws -> [Column] {
    try names.map { name in try #require(columns.first { $0.name == name }) }
  }
}

@Suite struct PreparationTests {
  /// Three entries with 2, 0 and 1 muons and missing momentum.
  private static let source = MemorySource(columns: [
    Column(name: "Muon_pt", values: .float32([20, 50, 40]), offsets: [0, 2, 2, 3]),
    Column(name: "Muon_eta", values: .float32([1, -2, 0.5]), offsets: [0, 2, 2, 3]),
    Column(name: "Muon_phi", values: .float32([6, 0.5, -3]), offsets: [0, 2, 2, 3]),
    Column(name: "Muon_charge", values: .int32([1, -999, -1]), offsets: [0, 2, 2, 3]),
    Column(name: "Jet_pt", values: .float32([30, 40]), offsets: [0, 0, 1, 2]),
    Column(name: "MET_pt", values: .float32([10, 20, 30])),
    Column(name: "MET_phi", values: .float32([0, 1, 2])),
    Column(name: "tau_pt", values: .float32([-999, 25, 35])),
    Column(name: "HLT", values: .bool([true, true, false])),
    Column(name: "npv", values: .int32([5, -999, 7])),
    Column(name: "w", values: .float64([0.5, 1, 2])),
    Column(name: "run", values: .uint32([1, 2, 3])),
    Column(name: "event", values: .uint64([1 << 60, 8, .max])),
  ])

  private let objects = """
      - kind: muon
        columns: {pt: Muon_pt, eta: Muon_eta, phi: Muon_phi, mass: 0.10566}
        features: {charge: Muon_charge}
      - kind: tau
        columns: {pt: tau_pt, eta: 0, phi: 0, mass: 1.777}
      - {kind: missingMomentum, columns: {pt: MET_pt, phi: MET_phi}}
    """

  /// Prepares the entries of the source by a configuration.
  private func assemble(
    _ events: String = "", sample: String = "", objects: String? = nil, source: MemorySource? = nil
  ) throws -> (batch: EventBatch, origins: [EventOrigin], cutFlow: [StoreManifest.Cut]) {
    let source = source ?? Self.source
    let text = """
      events:
        missing: -999
      \(events.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
        objects:
      \((objects ?? self.objects).split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
      samples:
        - {name: test, files: none.root\(sample)}
      """
    let root = try ConfigurationNode(text: text, name: "demo.yaml")
    let configuration = try EventsConfiguration(root.requiredNode("events"))
    let samples = try SampleConfiguration.list(root)
    try root.finish()
    var assembler = EventAssembler(events: configuration, sample: samples[0])
    let (batch, origins) = try assembler.assemble(
      source, names: assembler.columns(in: source),
      identifiers: assembler.identifierColumns(in: source), entries: 0..<3, index: 0)
    return (batch, origins, assembler.cutFlow)
  }

  private func message(_ body: () throws -> Void) throws -> String {
    try #require(#expect(throws: PreparationError.self, performing: body)).description
  }

  @Test func `a column is of lists in all files of a sample, or in none`() throws {
    let root = try ConfigurationNode(
      text: """
        events:
          objects: [{kind: muon, columns: {pt: pt, eta: 0, phi: 0, mass: 0}, features: {q: charge}}]
        samples: [{name: data, files: x.root}]
        """, name: "data.yaml")
    var assembler = EventAssembler(
      events: try EventsConfiguration(root.requiredNode("events")),
      sample: try SampleConfiguration.list(root)[0])
    let pt = Column(name: "pt", values: .float32([30, 20, 10]), offsets: [0, 2, 3])
    let lists = Column(name: "charge", values: .int32([1, -1, 1]), offsets: [0, 2, 3])
    let numbers = Column(name: "charge", values: .int32([1, -1]))
    for (charge, isFirst) in [(lists, true), (lists, true), (numbers, false)] {
      let source = MemorySource(columns: [pt, charge])
      let events = Result {
        try assembler.assemble(
          source, names: ["pt", "charge"], identifiers: [nil, nil, nil], entries: 0..<2, index: 0)
      }
      if isFirst {
        #expect(try events.get().0.features == [1, -1, 1])
      } else {
        let error = #expect(throws: PreparationError.self) { try events.get() }
        #expect(error?.code == .unusableColumn)
        #expect(
          error?.statement.contains("charge is one number in each entry, but a list in") == true)
      }
    }
  }

  @Test func `columns become objects by kind and falling pt`() throws {
    let batch = try assemble().batch
    #expect(batch.schema.objectKinds.map(\.name) == ["muon", "tau", "missingMomentum"])
    #expect(!batch.schema.objectKinds[2].hasEta && !batch.schema.objectKinds[2].hasMass)
    #expect(batch.offsets == [0, 3, 5, 8])
    #expect(batch.kinds == [0, 0, 2, 1, 2, 0, 1, 2])
    #expect((0..<8).map { batch.object($0).pt } == [50, 20, 10, 25, 20, 40, 35, 30])
    #expect(batch.object(0).features[0].isNaN && batch.object(1).features == [1])
    #expect(isClose(batch.object(1).phi, Float(6 - 2 * Double.pi)))
    #expect(batch.object(0).mass == 0.10566)
    #expect(batch.object(2).eta.isNaN && batch.object(2).mass.isNaN)
    #expect(batch.labels == [-1, -1, -1] && batch.weights == [1, 1, 1])
  }

  @Test func `selections, cuts, limits, weights, labels and scalars`() throws {
    let result = try assemble(
      "selection: HLT\nminimumObjects: 2\nscalars: {npv: npv, ht: sum(Jet_pt)}",
      sample: ", selection: w < 1, label: 1, weight: w * 2")
    #expect(result.batch.eventCount == 1)
    #expect(result.batch.labels == [1] && result.batch.weights == [1])
    #expect(result.batch.scalars == [5, 0])
    #expect(
      result.cutFlow == [
        .init(name: "all entries", passed: 3), .init(name: "selection: HLT", passed: 2),
        .init(name: "selection of the sample: w < 1", passed: 1),
        .init(name: "at least 2 objects", passed: 1),
      ])
    let cut = try assemble(
      objects: """
          - kind: muon
            columns: {pt: Muon_pt, eta: Muon_eta, phi: Muon_phi, mass: 0.10566}
            features: {charge: Muon_charge}
            cuts: "pt > 30 && abs(eta) < 1.5 && charge < 0 && Muon_pt < 45"
        """
    ).batch
    #expect(cut.offsets == [0, 0, 0, 1])
    let leading = try assemble(
      objects: """
          - kind: muon
            columns: {pt: Muon_pt, eta: Muon_eta, phi: Muon_phi, mass: 0.10566}
            maximum: 1
        """
    ).batch
    #expect(leading.momenta.count == 8 && leading.object(0).pt == 50)
  }

  @Test func `a scalar with the marker is missing`() throws {
    let batch = try assemble("scalars: {npv: npv, half: npv / 2}").batch
    #expect(batch.scalars[0] == 5 && batch.scalars[2].isNaN && batch.scalars[3].isNaN)
  }

  @Test func `the first events of a sample`() throws {
    let result = try assemble(sample: ", maximumEvents: 2")
    #expect(result.batch.eventCount == 2)
    #expect(result.cutFlow.last == .init(name: "the first 2 events", passed: 2))
  }

  @Test func `where events come from is kept`() throws {
    let origins = try assemble().origins
    #expect(origins[0] == EventOrigin(run: 1, event: 1 << 60, source: 0, entry: 0))
    #expect(origins[2] == EventOrigin(run: 3, event: nil, source: 0, entry: 2))
    #expect(
      try message { _ = try assemble("identifiers: {run: runn}") }
        == "cannot prepare the sample test from memory.root: the identifier run: there is no "
        + "usable column runn. Did you mean run?")
  }

  @Test func `a column that is not there is named with the nearest`() throws {
    #expect(
      try message { _ = try assemble("selection: 1 + w > nMoun && HLTT") }
        == "cannot prepare the sample test from memory.root: the selection: there is no column "
        + "nMoun.\n    1 + w > nMoun && HLTT\n            ^")
    #expect(
      try message { _ = try assemble("scalars: {n: nvp}") }
        == "cannot prepare the sample test from memory.root: the scalar n: there is no column nvp. "
        + "Did you mean npv?\n    nvp\n    ^")
    var source = Self.source
    source.texts = ["npv"]
    #expect(
      try message { _ = try assemble("scalars: {n: npv}", source: source) }
        .contains("the scalar n: the column npv cannot be used: it holds text."))
  }

  @Test func `a number that is none is named with file, column and entry`() throws {
    var source = Self.source
    source.columns[5] = Column(name: "MET_pt", values: .float32([1, .nan, 3]))
    #expect(
      try message { _ = try assemble(source: source) }
        == "cannot prepare the sample test from memory.root: the column MET_pt is nan in entry 1. "
        + "If that means missing, write missing: nan, or add nan to its list.")
    source.columns[5] = Column(name: "MET_pt", values: .float32([1, -1, 3]))
    #expect(
      try message { _ = try assemble(source: source) }
        == "cannot prepare the sample test from memory.root: the pt of missingMomentum 0 in entry 1 "
        + "is -1.0; expected at least 0 and finite.")
    source = Self.source
    source.columns[6] = Column(name: "MET_phi", values: .float32([1, 180, 3]))
    #expect(
      try message { _ = try assemble(source: source) }
        .hasSuffix(
          "the phi of missingMomentum 0 in entry 1 is 180.0; expected radians from -pi to 2 pi."))
    source.columns[6] = Column(name: "MET_phi", values: .float32([1, -999, 3]))
    #expect(
      try message { _ = try assemble(source: source) }
        .hasSuffix(
          "the phi of missingMomentum 0 in entry 1 is missing; expected radians from -pi to 2 pi."))
    #expect(
      try message { _ = try assemble("scalars: {x: log(w - 1)}") }
        == "cannot prepare the sample test from memory.root: the scalar x, log(w - 1), is nan in "
        + "entry 0; expected a finite number. Change the expression, or keep such entries out by "
        + "a selection.")
    #expect(
      try message { _ = try assemble(sample: ", weight: 1 / (w - 1)") }
        .hasSuffix("the weight is inf in entry 1; expected a finite number."))
  }

  @Test func `an element that a list does not have is missing, not an error`() throws {
    let result = try assemble("scalars: {second: \"Muon_pt[1]\", double: \"2 * Muon_pt[0]\"}")
    #expect(
      worstDifference(result.batch.scalars, [50, 40, .nan, .nan, .nan, 80]) == nil)
  }

  @Test func `objects in an expression over columns are told from columns`() throws {
    #expect(
      try message { _ = try assemble("selection: max(muon.pt) > 30") }
        == "cannot prepare the sample test from memory.root: the selection: there is no column "
        + "muon.pt. muon is a kind of object, and objects are not known here, only columns of the "
        + "file; the section variables knows them.\n    max(muon.pt) > 30\n        ^")
  }

  @Test func `lists where one value is needed are an error`() throws {
    #expect(
      try message { _ = try assemble("selection: Muon_pt > 30") }
        == "cannot prepare the sample test from memory.root: the selection, Muon_pt > 30, is a list "
        + "per event; expected one value. Make one of it with sum, min, max, any, all, count or "
        + "length, or take an element: x[0].")
    #expect(
      try message {
        _ = try assemble(
          objects: "    - {kind: jet, columns: {pt: Jet_pt, eta: Muon_eta, phi: 0, mass: 0}}")
      }
      .hasSuffix(
        "the eta of jet, Muon_eta, has another number of elements than its pt, Jet_pt, in entry 0."
      ))
    #expect(
      try message { _ = try assemble("selection: sum(Muon_pt > Jet_pt) > 0") }
        .contains("Muon_pt and Jet_pt have lists of different lengths, 2 and 0 in entry 0."))
  }

  @Test(arguments: [
    (
      "events: {objects: []}",
      "demo.yaml:1:19: events.objects is empty; expected a list of at least one kind of object."
    ),
    (
      "events: {objects: [{kind: jet}]}",
      "demo.yaml:1:20: events.objects.0.columns is missing; expected the columns or numbers pt, "
        + "eta, phi and mass, or a prefix."
    ),
    (
      "events: {objects: [{kind: jet, columns: {pt: a, phi: b, eta: c}}]}",
      "demo.yaml:1:41: events.objects.0.columns is a mapping with eta but without mass; expected "
        + "both, or neither for missing momentum. Write mass: 0 for massless objects."
    ),
    (
      "events: {selection: \"a >\", objects: [{kind: jet, prefix: Jet}]}",
      "demo.yaml:1:21: events.selection is not an expression: found the end, expected a number, a "
        + "column, a function or \"(\".\n    a >\n       ^"
    ),
    (
      "events: {missing: none, objects: [{kind: jet, prefix: Jet}]}",
      "demo.yaml:1:19: events.missing is none; expected a number, nan, or a list of them."
    ),
    (
      "events: {objects: [{kind: jet, prefix: Jet}, {kind: jet, prefix: Jet, features: {b: c}}]}",
      "demo.yaml:1:53: events.objects.1.kind is another jet with the features b; expected the same "
        + "as in the first, no features."
    ),
  ])
  func `a section that makes no sense is an error with its place`(
    text: String, expected: String
  ) throws {
    let error = #expect(throws: ConfigurationError.self) {
      let root = try ConfigurationNode(text: text, name: "demo.yaml")
      _ = try EventsConfiguration(root.requiredNode("events"))
    }
    #expect(error?.description == expected)
  }

  // MARK: - From ROOT files

  private func configuration(_ folder: TemporaryFolder, events: String, sample: String) throws
    -> (EventsConfiguration, SampleConfiguration)
  {
    let path = try folder.write("events: \(events)\nsamples: [\(sample)]\n", to: "demo.yaml")
    let root = try ConfigurationNode.load(path: path)
    let result = try (
      EventsConfiguration(root.requiredNode("events")), SampleConfiguration.list(root)[0]
    )
    try root.finish()
    return result
  }

  private static let tauEvents =
    "{tree: Events, missing: -999, minimumObjects: 3, scalars: {npv: npv}, objects: ["
    + "{kind: muon, columns: {pt: pt_1, eta: eta_1, phi: phi_1, mass: m_1}, features: {q: q_1}}, "
    + "{kind: tau, columns: {pt: pt_2, eta: eta_2, phi: phi_2, mass: m_2}, features: {q: q_2}}, "
    + "{kind: jet, columns: {pt: jpt_1, eta: jeta_1, phi: jphi_1, mass: jm_1}}, "
    + "{kind: jet, columns: {pt: jpt_2, eta: jeta_2, phi: jphi_2, mass: jm_2}}, "
    + "{kind: missingMomentum, columns: {pt: pt_met, phi: phi_met}}]}"

  @Test(.enabled(if: SharedData.isAvailable))
  func `a flat ntuple of simulation becomes a store that is reused`() throws {
    let folder = try TemporaryFolder()
    let pattern = SharedData.path("cms-tau-2012/*HToTauTauSkim.root")
    let (events, sample) = try configuration(
      folder, events: Self.tauEvents,
      sample: "{name: signal, files: \"\(pattern)\", label: 1, weight: weight}")
    let progress = ProgressReporter(isQuiet: true)
    let manifest = try prepare(
      sample: sample, events: events, into: folder.file("signal"), progress: progress)
    #expect(manifest.eventCount == 1828)
    #expect(manifest.sources.map(\.entries) == [813, 1015])
    let store = try EventStore(path: folder.file("signal"))
    #expect(store.labels() == Array(repeating: 1, count: 1828))
    #expect(store.origin(of: 813).source == 1 && store.origin(of: 813).entry == 0)

    // The numbers of an event are those of the file.
    let tree = try ROOTFile(path: SharedData.path("cms-tau-2012/GluGluToHToTauTauSkim.root"))
      .tree("Events")
    let pt = try tree.read(["pt_1", "jpt_1"]).map { $0.floats() }
    let batch = try store.batch(events: 0..<813)
    for event in 0..<813 {
      let objects = batch.range(of: event)
      #expect(batch.object(objects.lowerBound).pt == pt[0][event])
      let jets = objects.filter { batch.kinds[$0] == 2 }
      #expect(jets.isEmpty == (pt[1][event] < 0))
    }

    func modified() throws -> Date {
      let path = folder.file("signal/manifest.json")
      return try #require(
        FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date)
    }
    let before = try modified()
    let again = try prepare(
      sample: sample, events: events, into: folder.file("signal"), progress: progress)
    #expect(again == manifest)
    #expect(try modified() == before)
    let (_, other) = try configuration(
      folder, events: Self.tauEvents,
      sample: "{name: signal, files: \"\(pattern)\", label: 1, maximumEvents: 900}")
    let shorter = try prepare(
      sample: other, events: events, into: folder.file("signal"), progress: progress)
    #expect(shorter.eventCount == 900)
    #expect(shorter.cutFlow.last?.passed == 900)
    #expect(folder.contents == ["demo.yaml", "signal"])
  }

  @Test(.enabled(if: SharedData.isAvailable))
  func `jagged columns of real data become a store`() throws {
    let folder = try TemporaryFolder()
    let (events, sample) = try configuration(
      folder,
      events: "{selection: nMuon >= 1 && max(Muon_pt) > 20, missing: [-999, nan], objects: ["
        + "{kind: muon, prefix: Muon, cuts: pt > 20 && abs(eta) < 2.4, maximum: 4}, "
        + "{kind: jet, prefix: Jet, cuts: pt > 30}, "
        + "{kind: missingMomentum, columns: {pt: MET_pt, phi: MET_phi}}], "
        + "scalars: {ht: sum(Jet_pt)}}",
      sample: "{name: data, files: \"\(SharedData.path("cms-singlemu-2012/*.root"))\"}")
    let manifest = try prepare(
      sample: sample, events: events, into: folder.file("data"),
      progress: ProgressReporter(isQuiet: true))
    #expect(manifest.cutFlow[0].passed == 1000)
    #expect(manifest.eventCount == manifest.cutFlow[1].passed && manifest.eventCount > 0)
    let batch = try EventStore(path: folder.file("data")).batch(events: 0..<manifest.eventCount)
    for index in 0..<batch.objectCount {
      let object = batch.object(index)
      if object.kind == 0 { #expect(object.pt > 20 && abs(object.eta) < 2.4) }
      if object.kind == 1 { #expect(object.pt > 30) }
    }
  }

  @Test(.enabled(if: SharedData.isAvailable), arguments: ["nano_dimuon", "nano_dy"])
  func `an RNTuple gives the events that the TTree gives`(_ name: String) throws {
    let folder = try TemporaryFolder()
    func prepared(_ file: String) throws -> (cutFlow: [Int], batch: EventBatch) {
      let (events, sample) = try configuration(
        folder,
        events: "{tree: Events, selection: nMuon + nJet >= 1, objects: ["
          + "{kind: muon, prefix: Muon, features: {charge: Muon_charge, "
          + "tight: Muon_tightId}, cuts: pt > 3}, {kind: jet, prefix: Jet, features: "
          + "{btag: Jet_btagDeepFlavB}}, "
          + "{kind: missingMomentum, columns: {pt: MET_pt, phi: MET_phi}}], "
          + "scalars: {vertices: PV_npvs, ht: sum(Jet_pt)}}",
        sample: "{name: data, files: \"\(SharedData.path("cms-nanoaod/\(file).root"))\"}")
      let manifest = try prepare(
        sample: sample, events: events, into: folder.file(file),
        progress: ProgressReporter(isQuiet: true))
      let batch = try EventStore(path: folder.file(file)).batch(events: 0..<manifest.eventCount)
      return (manifest.cutFlow.map(\.passed), batch)
    }
    let expected = try prepared(name)
    let found = try prepared("\(name)_rntuple")
    #expect(found.cutFlow == expected.cutFlow)
    #expect(expected.batch.eventCount > 20 && expected.batch.objectCount > 60)
    // Text, because missing values are NaN.
    #expect("\(found.batch)" == "\(expected.batch)")
  }

  @Test(.enabled(if: SharedData.isAvailable))
  func `a sample of which nothing is left shows its cut flow`() throws {
    let folder = try TemporaryFolder()
    let (events, sample) = try configuration(
      folder, events: Self.tauEvents,
      sample: "{name: none, selection: npv < 0, "
        + "files: \"\(SharedData.path("cms-tau-2012/VBF_HToTauTauSkim.root"))\"}")
    #expect(
      try message {
        try prepare(
          sample: sample, events: events, into: folder.file("none"),
          progress: ProgressReporter(isQuiet: true))
      }
        == "cannot prepare the sample none: no event passed. The number of events after each cut:\n"
        + "    1015  all entries\n    0  selection of the sample: npv < 0\n    0  at least 3 objects"
    )
    #expect(folder.contents == ["demo.yaml"])
  }

  @Test func `files that are not there are an error with what is`() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("", to: "data/a.root")
    let (events, sample) = try configuration(
      folder, events: "{objects: [{kind: jet, prefix: Jet}]}",
      sample: "{name: x, files: data/b*.root}")
    let error = #expect(throws: ConfigurationError.self) {
      try prepare(
        sample: sample, events: events, into: folder.file("x"),
        progress: ProgressReporter(isQuiet: true))
    }
    #expect(
      error?.description.replacing(folder.path, with: "F")
        == "F/demo.yaml:2:28: no file of the sample x matches data/b*.root. "
        + "The folder F/data holds a.root.")
  }
}
