// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite struct InspectTests {
  @Test(arguments: [
    ("unlabeled.root", 60_000, "Zstandard 19"), ("signal_2hdm_425_325.root", 12_000, "LZMA 9"),
    ("background_ttbar.root", 12_000, "zlib 9"),
  ])
  func `a table lists trees, branches and how they are compressed`(
    _ name: String, _ count: Int, _ compression: String
  ) throws {
    let outcome = try Command.run(["inspect", "\(Command.samples)/\(name)"])
    #expect(outcome.status == 0)
    #expect(outcome.error.isEmpty)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines[0].hasPrefix("TTree Events  \(count) entries, 39 branches"))
    let line = try #require(lines.first { $0.contains("Jet_pt") })
    #expect(line.contains("float[nJet]"))
    #expect(line.contains(compression), "\(line)")
  }

  @Test func `JSON lists trees and branches`() throws {
    let outcome = try Command.run(["inspect", TinyStudy.signal, "--json"])
    #expect(outcome.status == 0)
    #expect(outcome.error.isEmpty)
    let trees = try #require(try outcome.json()["trees"] as? [[String: Any]])
    #expect(trees.count == 1)
    #expect(trees[0]["name"] as? String == "Events")
    #expect(trees[0]["entries"] as? Int == 12_000)
    let branches = try #require(trees[0]["branches"] as? [[String: Any]])
    #expect(branches.count == 39)
    #expect(branches[0]["name"] as? String == "run")
    #expect(branches[0]["type"] as? String == "uint32")
  }

  @Test func `JSON of values has an array for every entry of a jagged column`() throws {
    let outcome = try Command.run([
      "inspect", TinyStudy.signal, "--tree", "Events", "--columns", "event,nJet,Jet_pt", "--rows",
      "0..<5", "--json",
    ])
    #expect(outcome.status == 0)
    #expect(outcome.error.isEmpty)
    let columns = try #require(try outcome.json()["columns"] as? [String: Any])
    #expect(columns.keys.sorted() == ["Jet_pt", "event", "nJet"])
    #expect(columns["event"] as? [Int] == [1, 2, 3, 4, 5])
    let counts = try #require(columns["nJet"] as? [Int])
    let jets = try #require(columns["Jet_pt"] as? [[Double]])
    #expect(jets.map(\.count) == counts)
    #expect(jets.allSatisfy { $0 == $0.sorted(by: >) })
  }

  @Test func `values are printed as a table, ten entries by default`() throws {
    let outcome = try Command.run(["inspect", TinyStudy.signal, "--columns", "event, MET_pt"])
    #expect(outcome.status == 0)
    #expect(outcome.output.split(separator: "\n").count == 11)
  }

  @Test(.enabled(if: SharedData.isAvailable))
  func `an RNTuple is shown as a tree is`() throws {
    let file = SharedData.path("cms-nanoaod/nano_dimuon_rntuple.root")
    let lines = try Command.run(["inspect", file]).output.split(separator: "\n")
    #expect(lines[0].hasPrefix("ROOT::RNTuple Events  40 entries, 1601 branches"))
    #expect(lines.contains { $0.hasPrefix("  Muon_pt ") && $0.contains(" RVec<float> ") })
    func values(_ file: String) throws -> String {
      try Command.run([
        "inspect", file, "--tree", "Events", "--columns", "event,nMuon,Muon_pt,MET_pt",
      ]).output
    }
    let tree = SharedData.path("cms-nanoaod/nano_dimuon.root")
    #expect(try values(file) == values(tree))
    #expect(try values(file).split(separator: "\n").count == 11)
  }

  @Test func `what is not there is answered with what is`() throws {
    expectFailure(
      try Command.run(["inspect", TinyStudy.signal, "--tree", "Event"]),
      says: [TinyStudy.signal, "has no tree Event", "Did you mean Events?"])
    expectFailure(
      try Command.run(["inspect", TinyStudy.signal, "--columns", "Muon_p"]),
      says: ["Events in \(TinyStudy.signal)", "no branch Muon_p", "Did you mean Muon_pt"])
    expectFailure(
      try Command.run([
        "inspect", TinyStudy.signal, "--columns", "MET_pt", "--rows", "11999..<12010",
      ]),
      says: ["Events/MET_pt", "11999..<12010", "Choose a range within 0..<12000"])
  }
}
