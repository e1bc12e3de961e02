// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ROOTIO
import Runtime
import Study
import Torch

/// The command: parses, calls the libraries, prints.
@main
struct Lorentz: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lorentz",
    abstract: "Pre-train on real collisions, fine-tune with few labels.",
    discussion: """
      From ROOT files to a classifier and a report in one command:

        lorentz study Configurations/demo.yaml -o results/demo
      """,
    version: programVersion,
    subcommands: [
      FetchCommand.self, InspectCommand.self, ConfigureCommand.self, PrepareCommand.self,
      PretrainCommand.self, FinetuneCommand.self, EvaluateCommand.self, ScoreCommand.self,
      StudyCommand.self, ResultsCommand.self,
    ])

  static func main() {
    Interruption.listen()
    LibTorch.keepFreedMemory()
    do {
      try checkKernels()
      var command = try parseAsRoot()
      try command.run()
    } catch let error as InterruptedError {
      printError("lorentz: \(error)")
      Self.exit(withError: ExitCode(130))
    } catch let error as ROOTFileError where error.cause is InterruptedError {
      printError("lorentz: \(InterruptedError())")
      Self.exit(withError: ExitCode(130))
    } catch  where isOurs(error) {
      printError("lorentz: \(sentence(error))")
      Self.exit(withError: ExitCode(1))
    } catch {
      Self.exit(withError: error)
    }
  }

  /// Checks that the kernels that the environment asks for are there.
  private static func checkKernels() throws {
    guard let name = ProcessInfo.processInfo.environment["LORENTZ_KERNELS"] else { return }
    let available = Kernels.allCases.filter(\.isAvailable).map(\.rawValue)
    guard !available.contains(name) else { return }
    throw TorchError(
      code: .missingDevice,
      message: "cannot use the kernels \(name), which LORENTZ_KERNELS names: this processor runs "
        + available.joined(separator: ", "),
      remedy: "Choose one of them, or leave the variable unset for the best.")
  }

  /// Whether an error is not the argument parser's, whose words and exit codes are its own business.
  private static func isOurs(_ error: any Error) -> Bool {
    !(error is ExitCode) && !(error is CleanExit) && !(error is ValidationError)
      && !String(reflecting: type(of: error)).hasPrefix("ArgumentParser.")
  }

  /// What users read of an error: its own sentence where it has one, never a dump of values.
  private static func sentence(_ error: any Error) -> String {
    switch error {
    case is DecodingError:
      "a JSON file holds something else than this program writes. Remove it, or run the command "
        + "that wrote it again."
    case _ where String(reflecting: type(of: error)).hasPrefix("Foundation"):
      error.localizedDescription
    case let error as any CustomStringConvertible: error.description
    default: error.localizedDescription
    }
  }
}
