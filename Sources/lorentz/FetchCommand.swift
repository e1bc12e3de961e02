// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import OpenData
import Runtime

/// `lorentz fetch`: downloads the files of records of CERN's open data portal.
struct FetchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch",
    abstract: "Download the files of records of the CERN Open Data portal.",
    discussion: """
      Examples:
        lorentz fetch 12351 --list
        lorentz fetch 12351 12352 -o data
        lorentz fetch 30530 --filter "*_1.root" -o data

      The files of a record get into a folder with its number, data/12351, where a manifest.json \
      stands for all of them in a configuration: files: [data/12351/manifest.json]. Length and \
      checksum of every file are verified. An interrupted download goes on when the command is \
      given again.
      """)

  @Argument(help: ArgumentHelp("The numbers of the records.", valueName: "record"))
  var records: [Int]

  @Option(name: .shortAndLong, help: "The folder for the folders of the records.")
  var output = "data"

  @Option(help: "Which files: a pattern of names with *, ? and [...].")
  var filter: String?

  @Option(
    help: ArgumentHelp(
      "The address of the portal. (default: LORENTZ_PORTAL of the environment, or "
        + "\(Portal.standardAddress))", valueName: "address"))
  var portal: String?

  @Flag(help: "List the files of the records, and download nothing.")
  var list = false

  @Flag(help: "Say what would be downloaded, and download nothing.")
  var dryRun = false

  @Flag(help: "Print JSON for machines, and no progress.")
  var json = false

  func validate() throws {
    guard !records.isEmpty else { throw ValidationError("Name at least one record.") }
    for record in records where record < 0 {
      throw ValidationError("\(record) is no number of a record.")
    }
    if let portal, !isWebAddress(portal) {
      throw ValidationError("\"\(portal)\" is no address of the form https://server.")
    }
  }

  func run() throws {
    let variable = ProcessInfo.processInfo.environment["LORENTZ_PORTAL"]
    let portal = Portal(address: portal ?? variable ?? Portal.standardAddress)
    let progress = ProgressReporter(isQuiet: json)
    defer { progress.finish() }
    // All records are asked for before the first byte is downloaded.
    let fetches = try records.map { identifier in
      try Fetch(
        try portal.record(identifier), filter: filter, into: "\(output)/\(identifier)",
        portal: portal)
    }
    var descriptions: [FetchDescription] = []
    for fetch in fetches {
      if !list, !dryRun { try fetch.run(progress: progress) }
      descriptions.append(FetchDescription(fetch))
      progress.finish()
      if !json { print(FetchDescription(fetch).text(showsStatus: !list)) }
    }
    if json { try printJSON(descriptions) }
  }
}

/// A record and its files, as they are printed.
private struct FetchDescription: Encodable {
  struct File: Encodable {
    let name: String
    let size: Int
    let checksum: String?
    let uri: String
    /// `present`, `partial`, `missing` or `on tape`.
    let status: String
  }

  let record: String
  let title: String
  let doi: String?
  let folder: String
  let files: [File]

  init(_ fetch: Fetch) {
    record = fetch.record.identifier
    title = fetch.record.title
    doi = fetch.record.doi
    folder = fetch.folder
    files = fetch.items.map { item in
      let status =
        switch item.status {
        case .present: "present"
        case .partial: "partial"
        case .missing: item.file.isOnTape ? "on tape" : "missing"
        }
      return File(
        name: item.file.name, size: item.file.size, checksum: item.file.checksum,
        uri: item.file.uri, status: status)
    }
  }

  func text(showsStatus: Bool) -> String {
    var lines = ["\(record): \(title)\(doi.map { " (doi:\($0))" } ?? "")"]
    let total = files.reduce(0) { $0 + $1.size }
    for file in files {
      let status =
        showsStatus ? "  " + file.status.padding(toLength: 7, withPad: " ", startingAt: 0) : ""
      lines.append("  \(Self.size(file.size))\(status)  \(file.checksum ?? "-")  \(file.name)")
    }
    lines.append("  \(Self.size(total))  in \(files.count) \(files.count == 1 ? "file" : "files")")
    if showsStatus { lines[lines.count - 1] += ", in \(folder)" }
    return lines.joined(separator: "\n")
  }

  /// Returns a size in a unit that fits, right-aligned, as in ` 10.9 GB`.
  private static func size(_ bytes: Int) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"]
    var value = Double(bytes)
    var unit = 0
    while value >= 999.5, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    let number = unit == 0 ? "\(bytes)" : String(format: value < 99.95 ? "%.1f" : "%.0f", value)
    return String(repeating: " ", count: max(0, 5 - number.count)) + number + " "
      + units[unit].padding(toLength: 2, withPad: " ", startingAt: 0)
  }
}
