// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

@main
struct Lorentz: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lorentz",
    abstract: "Pre-train on real collisions, fine-tune with few labels.")
}
