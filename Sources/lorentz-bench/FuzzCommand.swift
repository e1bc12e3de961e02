// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ROOTIO
import Runtime

/// Damages ROOT files at random and reads them: whatever the bytes, reading returns or throws.
///
/// A mutant that ends the program, or is found to take too long or too much memory, is left behind
/// under its name. The same seed makes the same mutants.
struct FuzzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz", abstract: "Read damaged copies of ROOT files.",
    discussion: "lorentz-bench fuzz Tests/ROOTIOTests/Fixtures/*.root --mutants 200000")

  @Argument(help: "ROOT files; those of more than a megabyte are left out.")
  var files: [String]

  @Option(help: "Number of mutants, of all files in turn.")
  var mutants = 200_000

  @Option(help: "The first seed.")
  var seed = 0

  @Option(help: "Where mutants are written.")
  var folder = NSTemporaryDirectory() + "lorentz-fuzz"

  @Option(help: "Seconds of processor time that a mutant may take.")
  var seconds = 10.0

  @Option(help: "Megabytes of memory that the program may take.")
  var megabytes = 1024

  func run() throws {
    Interruption.listen()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let originals = try files.map { try Data(contentsOf: URL(filePath: $0)) }
      .enumerated().filter { $0.element.count <= 1 << 20 }
    guard !originals.isEmpty else { throw ValidationError("No file has up to a megabyte.") }
    let path = "\(folder)/mutant-\(ProcessInfo.processInfo.processIdentifier).root"
    var refused = 0
    var slowest = 0.0
    for number in seed..<(seed + mutants) {
      try Interruption.check()
      let (index, original) = originals[number % originals.count]
      try mutant(of: original, seed: number).write(to: URL(filePath: path))
      let start = processorSeconds()
      if !Self.readsEverything(path) { refused += 1 }
      let taken = processorSeconds() - start
      slowest = max(slowest, taken)
      if taken > seconds || peakMegabytes() > megabytes {
        print(
          "mutant \(number) of \(files[index]) took \(taken) s, the program \(peakMegabytes()) MB: "
            + path)
        throw ExitCode(1)
      }
      if (number - seed + 1) % 10_000 == 0 {
        print(
          "\(number - seed + 1) mutants read, \(refused) of them refused, slowest "
            + "\(slowest.rounded()) s, \(peakMegabytes()) MB")
        fflush(nil)
      }
    }
    try FileManager.default.removeItem(atPath: path)
    print("\(mutants) mutants read, \(refused) of them refused; nothing was found")
  }

  /// Changes one to eight bytes, numbers or stretches, or cuts the end off.
  private func mutant(of original: Data, seed: Int) -> Data {
    var generator = CounterBasedGenerator(seed: UInt64(seed), purpose: .init(rawValue: 1_001))
    var mutant = original
    for _ in 0..<Int.random(in: 1...8, using: &generator) {
      let position = Int.random(in: 0..<mutant.count, using: &generator)
      switch Int.random(in: 0..<8, using: &generator) {
      case 0: mutant[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1: mutant[position] = 0xFF
      case 2: mutant[position] = 0
      case 3: mutant[position] = .random(in: 0...255, using: &generator)
      case 4: mutant[position] &+= 1
      case 5:
        // A length or offset that is as large as it can be.
        for byte in position..<min(position + 4, mutant.count) {
          mutant[byte] = byte == position ? 0x7F : 0xFF
        }
      case 6:
        // A stretch from elsewhere.
        let source = Int.random(in: 0..<mutant.count, using: &generator)
        let length = min(
          Int.random(in: 1...64, using: &generator), mutant.count - max(source, position))
        mutant.replaceSubrange(
          position..<(position + length), with: Data(mutant[source..<(source + length)]))
      default: if Bool.random(using: &generator) { mutant = mutant.prefix(max(position, 1)) }
      }
    }
    return mutant
  }

  /// Reads all branches of all trees, each on its own; `false` if something was refused.
  private static func readsEverything(_ path: String) -> Bool {
    var isComplete = true
    do throws(ROOTFileError) {
      let file = try ROOTFile(path: path)
      _ = file.summary()
      for summary in file.trees {
        let tree = try file.tree(summary.name)
        for branch in tree.branches {
          do throws(ROOTFileError) {
            _ = try TreeScan(tree, columns: [branch.name]).read(
              entries: 0..<min(7, branch.entryCount))
            _ = try tree.read([branch.name])
          } catch {
            if error.code != .unsupported { isComplete = false }
          }
        }
        _ = try tree.read(tree.branches.filter(\.isReadable).map(\.name))
      }
    } catch { isComplete = false }
    return isComplete
  }

  /// Not those of the clock, which go on while the machine does something else.
  private func processorSeconds() -> Double {
    guard let usage = resourceUsage() else { return 0 }
    return [usage.ru_utime, usage.ru_stime].reduce(0) {
      $0 + Double($1.tv_sec) + Double($1.tv_usec) * 1e-6
    }
  }

  private func peakMegabytes() -> Int {
    (resourceUsage()?.ru_maxrss ?? 0) >> 10
  }
}
