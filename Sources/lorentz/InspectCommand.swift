// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ROOTIO

/// `lorentz inspect`: lists what is in a ROOT file, or prints values.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "List the trees and branches of a ROOT file, or print values.",
    discussion: """
      Without --columns, every tree or RNTuple is listed with its branches, their types, entries, \
      compression and sizes. With --columns, values are printed, one line per entry:

        lorentz inspect muons.root
        lorentz inspect muons.root --tree Events --columns nMuon,Muon_pt --rows 0..<5
        lorentz inspect muons.root --columns nMuon --rows 7 --json

      With --json, entries that have several values are arrays. JSON has no numbers beyond the \
      finite ones; they are written as the strings "nan", "inf" and "-inf".
      """)

  @Argument(
    help: "The ROOT file, or its address: https://server/muons.root.",
    completion: .file(extensions: ["root"]))
  var file: String

  @Option(help: "The tree, with its folders; not needed where the file has only one.")
  var tree: String?

  @Option(help: "The branches whose values are printed, separated by commas.")
  var columns: String?

  @Option(
    help: "The entries to print: 0..<5, 0...4, or 3 for one. (default: the first ten)",
    transform: { text in
      guard let range = EntryRange(text) else {
        throw ValidationError(
          "\"\(text)\" is not a range of entries; \(EntryRange.explanation).")
      }
      return range
    })
  var rows: EntryRange?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if rows != nil, columns == nil {
      throw ValidationError("--rows needs --columns; list the branches without either.")
    }
  }

  func run() throws {
    let file = try ROOTFile(path: file)
    guard let columns else {
      if let tree {
        // Fails with the nearest names if there is no such tree.
        _ = try file.tree(tree)
      }
      print(json ? try file.summaryJSON(of: tree) : file.summary(of: tree))
      return
    }
    let selected = try tree.map(file.tree) ?? file.onlyTree()
    let names = columns.split(separator: ",").map { $0.trimmingWhitespace() }
    let entries = rows?.range ?? 0..<min(10, selected.entryCount)
    let values = try selected.read(names, entries: entries)
    print(json ? values.json() : values.table(firstEntry: entries.lowerBound))
  }
}

extension Substring {
  fileprivate func trimmingWhitespace() -> String {
    let trimmed = drop { $0.isWhitespace }
    return String(trimmed.reversed().drop { $0.isWhitespace }.reversed())
  }
}
