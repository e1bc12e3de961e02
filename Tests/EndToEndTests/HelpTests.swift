// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct HelpTests {
  @Test func `kernels that are not there are refused`() throws {
    let refused = try Command.run(["--version"], shell: "export LORENTZ_KERNELS=mmx;")
    expectFailure(
      refused, says: ["cannot use the kernels mmx, which LORENTZ_KERNELS names", "none. Choose"])
    #expect(try Command.run(["--version"], shell: "export LORENTZ_KERNELS=none;").status == 0)
  }

  @Test(arguments: [
    "fetch", "inspect", "configure", "prepare", "pretrain", "finetune", "evaluate", "score",
    "study",
  ])
  func `every subcommand explains itself with an example`(_ name: String) throws {
    let outcome = try Command.run([name, "--help"])
    #expect(outcome.status == 0)
    #expect(outcome.error.isEmpty)
    #expect(outcome.output.contains("USAGE: lorentz \(name)"))
    #expect(outcome.output.contains("  lorentz \(name) "))
  }

  @Test func `the command lists its subcommands and tells its version`() throws {
    let help = try Command.run(["--help"])
    #expect(help.status == 0)
    for name in [
      "fetch", "inspect", "configure", "prepare", "pretrain", "finetune", "evaluate", "score",
      "study",
    ] {
      #expect(help.output.contains("  \(name) "))
    }
    let version = try Command.run(["--version"])
    #expect(version.status == 0)
    #expect(version.output.split(separator: ".").count == 3)
  }

  @Test(arguments: [
    (["nonsense"], "nonsense"), (["study"], "<configuration>"),
    (["inspect", "a.root", "--rows", "1"], "--rows needs --columns"),
    (["inspect", "a.root", "--columns", "x", "--rows", "5..<2"], "is not a range of entries"),
    (
      ["score", "classifier", "a.root", "-o", "scores.txt"],
      "ends in none of .csv, .jsonl and .root"
    ),
    (["score", "classifier", "-o", "scores.csv"], "<files>"),
    (["score", "a", "a.root", "-o", "a.csv", "--embedding"], "--embedding needs an output that"),
    (["score", "a", "a.root", "-o", "a.jsonl", "--tree", "x"], "--tree needs an output that"),
    (
      ["score", "a", "a.root", "-o", "b.root", "--tree", "x/y"],
      "is empty, too long, or has / or ; in it"
    ),
    (["score", "a", "a.root", "-o", "a.csv", "--precision", "float8"], "float8"),
    (["finetune", "a.yaml", "-o", "x", "--labels", "0"], "expected at least 2"),
    (["pretrain", "a.yaml", "-o", "x", "--epochs", "3"], "--epochs"),
  ])
  func `a wrong use ends with 64`(_ arguments: [String], _ words: String) throws {
    let outcome = try Command.run(arguments)
    expectFailure(outcome, status: 64, says: [words])
    #expect(outcome.output.isEmpty)
  }
}
