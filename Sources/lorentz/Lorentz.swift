// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Runtime
import Study

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
      InspectCommand.self, PrepareCommand.self, PretrainCommand.self, FinetuneCommand.self,
      EvaluateCommand.self,
      ScoreCommand.self, StudyCommand.self,
    ])

  static func main() {
    Interruption.listen()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as InterruptedError {
      printError("lorentz: \(error)")
      Self.exit(withError: ExitCode(130))
    } catch  where isOurs(error) {
      printError("lorentz: \(error)")
      Self.exit(withError: ExitCode(1))
    } catch {
      Self.exit(withError: error)
    }
  }

  /// Whether an error describes itself to users; those of the argument parser are its own business.
  private static func isOurs(_ error: any Error) -> Bool {
    error is any CustomStringConvertible
      && !(error is ExitCode) && !(error is CleanExit) && !(error is ValidationError)
      && !String(reflecting: type(of: error)).hasPrefix("ArgumentParser.")
  }
}
