// SPDX-License-Identifier: Apache-2.0

import Configuration
import Foundation
import ROOTIO
import TestSupport
import Testing

@testable import Events

/// Sections `events` by what the columns of files are called and hold.
@Suite struct EventsProposalTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A file of a tree for each name, with these columns.
  private func write(_ name: String, _ columns: [Column], tree: String = "Events") throws -> String
  {
    let writer = try TreeWriter(
      path: folder.file(name), name: tree,
      branches: columns.map { column in
        BranchDeclaration(
          column.name, column.values.elementType,
          shape: column.offsets == nil ? .flat : .jagged(counter: "n"))
      })
    try writer.write(columns)
    try writer.finish()
    return folder.file(name)
  }

  /// The number of objects of two entries, with two and one.
  private let counter = Column(name: "n", values: .int32([2, 1]))

  private func list(_ name: String, _ values: [Float]) -> Column {
    Column(name: name, values: .float32(values), offsets: [0, 2, 3])
  }

  private func number(_ name: String, _ values: [Float]) -> Column {
    Column(name: name, values: .float32(values))
  }

  /// The momenta of an event's objects, as a proposal reads them.
  private func momenta(
    _ proposal: EventsProposal, _ path: String, of event: Int = 0
  ) throws -> [[Float]] {
    let root = try ConfigurationNode(text: proposal.yaml, name: "proposal.yaml")
    let events = try EventsConfiguration(root.requiredNode("events"))
    let batch = try EventFile(path: path, events: events).events(in: 0..<2)
    return batch.range(of: event).map { Array(batch.momenta[4 * $0..<4 * $0 + 4]) }
  }

  @Test(arguments: [
    ("Muon_pt Muon_eta Muon_phi", "Muon", "muon"), ("Jet.PT Jet.Eta Jet.Phi", "Jet", "jet"),
    ("muonPt muonEta muonPhi muonEnergy", "muon", "muon"),
    (
      "selectedElectrons_px selectedElectrons_py selectedElectrons_pz", "selectedElectrons",
      "electron"
    ),
    ("lep1_pt lep1_eta lep1_phi", "lep1", "lepton"),
    ("subleadPho_pt subleadPho_eta subleadPho_phi", "subleadPho", "photon"),
    ("jpt_2 jeta_2 jphi_2", "jet2", "jet"), ("pt_met phi_met", "met", "missingMomentum"),
    ("MissingET.MET MissingET.Phi", "MissingET", "missingMomentum"),
    ("met_et met_phi", "met", "missingMomentum"),
    ("ak4Jet_pt ak4Jet_eta ak4Jet_phi", "ak4Jet", "jet"),
  ])
  func `names say what objects they are of`(_ columns: String, _ stem: String, _ kind: String) {
    let found = NamedCollection.all(in: columns.split(separator: " ").map(String.init))
    #expect(found.map(\.stem) == [stem])
    #expect(found.first?.kind?.name == kind)
  }

  @Test func `names of other columns say nothing`() {
    let names = [
      "run", "nMuon", "HLT_IsoMu24", "GenJet_pt", "GenJet_eta", "GenJet_phi", "Muon_pt", "pt_1",
      "eta_1", "phi_1", "pt_gen", "eta_gen", "phi_gen", "weight", "E", "_pt", "pt",
    ]
    let found = NamedCollection.all(in: names)
    #expect(found.map(\.stem) == ["GenJet", "1"])
    #expect(found.map(\.isAnonymous) == [false, true])
    #expect(found.allSatisfy { $0.kind == nil })
  }

  @Test func `lists in the style of NanoAOD need their prefix only`() throws {
    let path = try write(
      "nano.root",
      [
        counter, list("Muon_pt", [30, 20, 40]), list("Muon_eta", [1, -2.13, 0.5]),
        list("Muon_phi", [1, 2, 3]), list("Muon_mass", [0.1, 0.1, 0.1]),
        list("Muon_charge", [1, -1, 1]), list("Muon_pfRelIso03_all", [0.1, 0.2, 0.3]),
        list("Muon_pfRelIso04_all", [0.2, 0.3, 0.4]), list("GenJet_pt", [1, 2, 3]),
        list("GenJet_eta", [1, 2, 3]), list("GenJet_phi", [1, 2, 3]),
        list("Lepton_pt", [30, 20, 40]), list("Lepton_eta", [1, 2, 3]),
        list("Lepton_phi", [1, 2, 3]), number("MET_pt", [50, 60]), number("MET_phi", [1, 2]),
        number("PuppiMET_pt", [50, 60]), number("PuppiMET_phi", [1, 2]),
        Column(name: "PV_npvs", values: .int32([20, 30])), number("genWeight", [1, -1]),
      ])
    let proposal = try EventsProposal(files: [path])
    #expect(
      proposal.yaml == """
        events:
          # selection: an expression of columns, such as a trigger
          objects:
            - kind: muon
              prefix: Muon
              features: {charge: Muon_charge, isolation: Muon_pfRelIso04_all}
              # cuts: "pt > 20 && abs(eta) < 2.2"
            - kind: missingMomentum
              columns: {pt: MET_pt, phi: MET_phi}
          scalars: {vertices: PV_npvs}

        """)
    #expect(EventsProposal.acceptance(of: [proposal]) == "{muon: 2.2}")
    #expect(proposal.weights == ["genWeight"])
    #expect(Set(proposal.leftOut.map(\.name)) == ["GenJet", "Lepton", "PuppiMET"])
    #expect(proposal.objects[0].meanCount == 1.5)
    let momenta = try momenta(proposal, path)
    #expect(momenta[0] == [30, 1, 1, 0.1] && momenta[2][0] == 50)
  }

  @Test func `momenta in MeV with energies become GeV with masses`() throws {
    let energy = 100_000 * cosh(Float(1.5))
    let path = try write(
      "mini.root",
      [
        counter, list("jet_pt", [100_000, 50_000, 70_000]), list("jet_eta", [1.5, 0, 0]),
        list("jet_phi", [1, 2, 3]), list("jet_E", [energy, 50_000, 80_000]),
        list("jet_MV2c10", [0.5, -0.5, 1]), number("met_et", [20_000, 30_000]),
        number("met_phi", [1, 2]),
      ], tree: "mini")
    let proposal = try EventsProposal(files: [path])
    #expect(proposal.objects.map(\.kind) == ["jet", "missingMomentum"])
    #expect(proposal.objects[0].features.map(\.column) == ["jet_MV2c10"])
    let momenta = try momenta(proposal, path)
    #expect(momenta[0].prefix(3) == [100, 1.5, 1] && momenta[0][3] < 0.1)
    #expect(momenta[2][0] == 20)
  }

  @Test func `components of momenta are taken together`() throws {
    let path = try write(
      "hzz.root",
      [
        counter, list("Jet_Px", [3, 30, 5]), list("Jet_Py", [4, 40, 0]),
        list("Jet_Pz", [0, 50, 1]), list("Jet_E", [5, 71, 6]), list("Jet_BTag", [1, 0, 1]),
      ])
    let found = try momenta(EventsProposal(files: [path]), path)
    let expected: [[Float]] = [
      [50, asinh(1), atan2(4, 3), sqrt(71 * 71 - 5000)], [5, 0, atan2(4, 3), 0],
    ]
    #expect(found.count == 2)
    for (found, expected) in zip(found, expected) {
      #expect(worstDifference(found, expected, relative: 1e-5, absolute: 1e-3) == nil)
    }
  }

  @Test func `single objects stand one after the other, missing ones are known`() throws {
    let path = try write(
      "flat.root",
      [
        number("lep2_pt", [-999, 20]), number("lep2_eta", [-999, 1]),
        number("lep2_phi", [-999, 1]), number("lep2_charge", [-999, 1]),
        number("lep1_pt", [30, 40]), number("lep1_eta", [0.5, 1]), number("lep1_phi", [2, 1]),
        number("lep1_charge", [1, -1]), number("lep1_type", [11, 13]),
      ])
    let proposal = try EventsProposal(files: [path])
    #expect(proposal.missing == ["-999"])
    #expect(proposal.objects.map { $0.columns[0].expression } == ["lep1_pt", "lep2_pt"])
    // What only one of them has is no feature of the kind.
    #expect(proposal.objects.allSatisfy { $0.features.map(\.name) == ["charge"] })
    #expect(try momenta(proposal, path) == [[30, 0.5, 2, 0]])
  }

  @Test func `trees of one kind each belong together, with those of the event`() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "ROOTIOTests/Fixtures/poet.root").path
    let proposal = try EventsProposal(files: [path])
    #expect(
      proposal.trees == [
        "myelectrons/Events", "myjets/Events", "mymets/Events", "mypvertex/Events",
      ])
    #expect(proposal.objects.map(\.kind) == ["electron", "jet", "missingMomentum"])
    #expect(proposal.objects[0].features.map(\.column) == ["electron_ch"])
    #expect(proposal.scalars.map(\.column) == ["PV_npvs"])
    let energy = sqrt(100 * 100 - pow(40 * cosh(1), 2))
    let found = try #require(try momenta(proposal, path, of: 1).dropFirst().first)
    #expect(
      worstDifference(found, [40, 1, 2, Float(energy)], relative: 1e-4, absolute: 1e-4) == nil)
  }

  @Test func `objects that have a number for a name are told by their values`() throws {
    let path = try write(
      "flat.root",
      ["pt_1", "eta_1", "phi_1", "pt_2", "eta_2", "phi_2", "pt_3", "eta_3", "phi_3"].map {
        number($0, [2.1, 2.2])
      } + [
        number("m_1", [0.1057, 0.1057]), number("q_1", [1, -1]), number("m_2", [0.8, 1.2]),
        number("dm_2", [1, 10]), number("m_3", [5, 7]),
      ])
    let proposal = try EventsProposal(files: [path])
    #expect(proposal.objects.map(\.kind) == ["muon", "tau"])
    #expect(proposal.objects[0].columns.map(\.expression) == ["pt_1", "eta_1", "phi_1", "m_1"])
    #expect(proposal.objects[0].features.map(\.column) == ["q_1"])
    #expect(proposal.objects[1].features.map(\.column) == ["dm_2"])
    #expect(proposal.leftOut.map(\.name) == ["3"])
  }

  @Test func `files that name their columns otherwise get the same objects`() throws {
    let data = try write(
      "data.root",
      [counter]
        + [
          "Muon_pt", "Muon_eta", "Muon_phi", "Muon_mass", "Jet_pt", "Jet_eta", "Jet_phi", "Tau_pt",
        ]
        .map { list($0, [2.1, 2.2, 2.3]) }
        + [list("Muon_charge", [1, -1, 1]), list("Jet_btag", [0.5, 0.1, 0.9])])
    let simulation = try write(
      "simulation.root",
      [counter]
        + [
          "jetPt", "jetEta", "jetPhi", "jetMass", "muonPt", "muonEta", "muonPhi", "phoPt", "phoEta",
        ]
        .map { list($0, [2.1, 2.2, 2.3]) } + [list("phoPhi", [1, 2, 3])]
        + [list("muonCharge", [1, -1, 1]), number("nVtx", [10, 20])], tree: "ntuple")
    let proposals = try EventsProposal.agreeing([
      ("unlabeled", [data]), ("signal", [simulation]),
    ])
    #expect(proposals.count == 2)
    let schemas = try proposals.map { proposal in
      let root = try ConfigurationNode(text: proposal.yaml, name: "proposal.yaml")
      return try EventsConfiguration(root.requiredNode("events")).schema
    }
    #expect(schemas[0] == schemas[1])
    #expect(schemas[0].objectKinds.map(\.name) == ["muon", "jet"])
    #expect(schemas[0].objectKinds.map(\.features) == [["charge"], []])
    // What only one of them has is said.
    #expect(proposals[0].leftOut.map(\.name) == ["jet.btag"])
    #expect(proposals[1].leftOut.map(\.name) == ["photon", "vertices"])
    #expect(proposals[1].leftOut.allSatisfy { $0.reason == "there is none in unlabeled" })
    // Files of one layout need one section.
    #expect(try EventsProposal.agreeing([("a", [data]), ("b", [data])]).count == 1)
  }

  @Test func `files without common objects are refused`() throws {
    let files = try ["muon", "jet"].map { kind in
      try write("\(kind).root", ["Pt", "Eta", "Phi"].map { number(kind + $0, [2.1, 2.2]) })
    }
    let error = #expect(throws: ProposalError.self) {
      try EventsProposal.agreeing([("unlabeled", [files[0]]), ("signal", [files[1]])])
    }
    let text = String(describing: try #require(error))
    #expect(text.contains("unlabeled has muon; signal has jet"), "\(text)")
  }

  @Test func `columns that only some files have do not count`() throws {
    let common = [
      counter, list("Jet_pt", [30, 20, 40]), list("Jet_eta", [1, -2, 0.5]),
      list("Jet_phi", [1, 2, 3]), list("Jet_mass", [5, 6, 7]),
    ]
    let first = try write(
      "first.root",
      common + [list("Jet_btagDeepFlavB", [0.1, 0.2, 0.3]), list("Jet_btag", [1, 0, 1])])
    let second = try write("second.root", common + [list("Jet_btag", [1, 0, 1])])
    let proposal = try EventsProposal(files: [first, second])
    #expect(proposal.objects[0].features.map(\.column) == ["Jet_btag"])
    #expect(proposal.entryCounts == [first: 2, second: 2])
  }

  @Test func `what cannot be objects is left out with a reason`() throws {
    let path = try write(
      "odd.root",
      [
        counter, list("Jet_pt", [30, 20, .infinity]), list("Jet_eta", [1, -2, 0.5]),
        list("Jet_phi", [1, 2, 3]), list("Tau_pt", [30, 20, 50]), list("Tau_eta", [1, -2, 0.5]),
        list("Tau_phi", [180, 90, 3]),
      ])
    let error = #expect(throws: ProposalError.self) { try EventsProposal(files: [path]) }
    #expect(
      error?.statement.contains(
        "found were Jet (it has infinite values), Tau (its phi is not in radians).") == true)
    let none = try write("none.root", [number("pt_1", [1, 2]), number("x", [1, 2])])
    let other = #expect(throws: ProposalError.self) { try EventsProposal(files: [none]) }
    #expect(other?.description.contains("no columns are called like the momenta") == true)
  }
}
