// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Configuration
import EventModel
import Events
import Foundation
import ROOTIO
import Synchronization
import Torch

/// Reads a ROOT file each time that a line on standard input says for how long; see `WorkCommand`.
struct ReadCommand: ParsableCommand {
  enum Task: String, ExpressibleByArgument, CaseIterable {
    /// All columns of the tree, into arrays.
    case columns
    /// The same baskets are decompressed, and nothing else.
    case decompress
    /// As many bytes as these have are copied from memory to memory.
    case copy
    /// The file is opened, and the columns named are read.
    case open
    /// Inputs of the model, by the section `events` of a configuration.
    case batches
  }

  static let configuration = CommandConfiguration(
    commandName: "read", abstract: "Read a ROOT file on demand.")

  @Argument(help: "The ROOT file.")
  var file: String

  @Option(help: "columns, decompress, copy, open or batches.")
  var task: Task

  @Option(help: "The columns to read, separated by commas; all without.")
  var columns: String?

  @Option(help: "The configuration that says how columns become events, for batches.")
  var events: String?

  @Option(help: "Processor threads, for batches; all else takes the processors that it may use.")
  var threads = 1

  func run() throws {
    LibTorch.keepFreedMemory()
    Threads.setCount(threads)
    if task == .batches { return try batches() }
    let clock = WorkClock()
    let tree = try ROOTFile(path: file).tree("Events")
    let names =
      columns?.split(separator: ",").map(String.init)
      ?? tree.branches.filter(\.isReadable).map(\.name)
    switch task {
    case .columns:
      while !clock.isDone {
        _ = try tree.read(names)
        _ = clock.tick(events: tree.entryCount)
      }
    case .decompress:
      while !clock.isDone {
        _ = try tree.decompress(names)
        _ = clock.tick(events: tree.entryCount)
      }
    case .copy:
      let source = [UInt8](repeating: 1, count: try tree.decompress(names))
      var target = source
      while !clock.isDone {
        target.withUnsafeMutableBytes { target in
          source.withUnsafeBytes { target.copyMemory(from: $0) }
        }
        _ = clock.tick(events: tree.entryCount)
      }
    case .open:
      while !clock.isDone {
        _ = try ROOTFile(path: file).tree("Events").read(names)
        _ = clock.tick(events: 1)
      }
    case .batches: break
    }
  }

  private func batches() throws {
    guard let path = events else { throw ValidationError("Name a configuration: --events FILE.") }
    let root = try ConfigurationNode(
      text: String(contentsOfFile: path, encoding: .utf8), name: path)
    let section = try EventsConfiguration(root.requiredNode("events"))
    let clock = WorkClock()
    while !clock.isDone {
      let file = try EventFile(path: file, events: section)
      let ranges = stride(from: 0, to: file.entryCount, by: 1024)
        .map { $0..<min($0 + 1024, file.entryCount) }
      let total = Mutex(0)
      try Workers(count: threads).run(count: ranges.count) { index in
        let batch = try file.events(in: ranges[index])
        let layout = InputLayout(schema: batch.schema)
        let input = ModelInput(
          batch: batch, layout: layout, normalization: InputNormalization())
        total.withLock { $0 += input.objectCount }
      }
      _ = clock.tick(events: file.entryCount)
    }
  }
}
