// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Foundation
import Runtime
import Testing

@Suite struct StudyResultsTests {
  @Test func `tables are aligned and complete`() {
    let results = StudyFixture.small()
    #expect(
      results.table() == """
        Labels  Arm                                 AUC  Rejection at 30 %      at 50 %  Seeds
        --------------------------------------------------------------------------------------
            50  From scratch              0.680 ± 0.006         11.0 ± 0.6  4.00 ± 0.00      3
            50  Pre-trained on real data  0.730 ± 0.003         11.0 ± 0.6       > 4.00      3
           200  From scratch              0.780 ± 0.006         11.0 ± 0.6  4.00 ± 0.00      3
           200  Pre-trained on real data  0.790 ± 0.006         11.0 ± 0.6       > 4.00      3

        """)
    #expect(
      results.markdownTable() == """
        | Labels per class | 50 | 200 |
        | --- | ---: | ---: |
        | From scratch | 0.680 ± 0.006 | 0.780 ± 0.006 |
        | Pre-trained on real data | 0.730 ± 0.003 | 0.790 ± 0.006 |

        """)
    #expect(
      results.pairedTable() == """
        Labels  Arm                       AUC difference  Better in  Label efficiency
        -----------------------------------------------------------------------------
            50  Pre-trained on real data  +0.050 ± 0.003     3 of 3               2.0
           200  Pre-trained on real data  +0.010 ± 0.006     2 of 3             > 1.0

        """)
  }

  @Test func `a gain is said in plain words`() {
    #expect(
      StudyFixture.small().summary
        == "With 50 labels per class, “Pre-trained on real data” reaches an area under the ROC "
        + "curve of 0.730 ± 0.003, “From scratch” 0.680 ± 0.006. The difference, +0.050 ± 0.003 "
        + "over 3 common seeds, is a gain with 95 % confidence. The reference needs about 2.0 "
        + "times as many labels for the same area. Elsewhere the difference is +0.010 ± 0.006 "
        + "with 200.")
  }

  @Test func `where there is no gain, the words say so`() {
    var results = StudyFixture.small()
    results.headlineLabelsPerClass = 200
    #expect(
      results.summary.contains(
        "The difference, +0.010 ± 0.006 over 3 common seeds, is compatible with none at 95 % "
          + "confidence: these seeds cannot tell it from chance."))
    #expect(!results.summary.contains("times as many"))
    swap(&results.mainArm, &results.referenceArm)
    results.headlineLabelsPerClass = 50
    #expect(results.summary.contains("it makes the result worse here."))
    results.runs.removeAll { $0.seed > 0 }
    #expect(results.summary.contains("with a single seed, which cannot tell a gain from chance"))
    results.runs = []
    #expect(
      results.summary
        == "No number of labels has runs of both the main arm and the reference with a common "
        + "seed: there is nothing to compare.")
  }

  @Test func `results survive the file, numbers that are not finite included`() throws {
    try StudyFixture.withTemporaryFolder { folder in
      var results = try StudyFixture.complete()
      results.runs[0].logLoss = .infinity
      try results.write(to: "\(folder)/results.json")
      #expect(try StudyResults(contentsOf: "\(folder)/results.json") == results)
    }
  }

  @Test(arguments: [
    ("{", "it is not JSON"), ("{}", "name is missing"),
    (#"{"name": 3}"#, "name is not of type String"),
  ])
  func `a file that is not results is refused`(text: String, reason: String) throws {
    try StudyFixture.withTemporaryFolder { folder in
      let path = "\(folder)/results.json"
      try writeAtomically(text, to: path)
      // Keys are decoded in the order of declaration, so that the first missing one is known.
      let error = try #require(throws: EvaluationError.self) {
        try StudyResults(contentsOf: path)
      }
      #expect(error.code == .unreadableResults)
      #expect(
        error.description
          == "cannot read \(path): \(reason). Give a results.json of this version, or run the "
          + "study again.")
    }
  }

  @Test func `a file that is missing is named`() throws {
    let error = try #require(throws: FileSystemError.self) {
      try StudyResults(contentsOf: "no/such/results.json")
    }
    #expect(error.code == .notFound)
  }

  @Test func `results that contradict themselves are refused`() throws {
    func message(_ change: (inout StudyResults) -> Void) throws -> String {
      var results = StudyFixture.small()
      change(&results)
      let error = try #require(throws: EvaluationError.self) { try results.validate() }
      #expect(error.code == .inconsistentResults)
      return error.description
    }
    #expect(
      try message { $0.mainArm = "pretraned" }
        == "cannot report the study \"Tau pairs\": the arm pretraned is not among scratch, "
        + "pretrained. Describe every arm that is used.")
    #expect(
      try message { $0.arms.append($0.arms[0]) }
        == "cannot report the study \"Tau pairs\": two arms are named scratch. Give each arm a "
        + "name of its own.")
    #expect(
      try message { $0.runs.append($0.runs[0]) }
        == "cannot report the study \"Tau pairs\": arm scratch with 50 labels per class and seed 0 "
        + "is there twice. Remove one of the two runs.")
    #expect(
      try message { $0.runs[0].auc = .nan }
        == "cannot report the study \"Tau pairs\": arm scratch with 50 labels per class and seed 0 "
        + "has the area nan. The number of labels must be positive and the area a number.")
  }

  @Test func `trainings that left collisions out are told`() throws {
    var results = StudyFixture.small()
    #expect(results.collisionNotes.isEmpty)
    for place in results.runs.indices where results.runs[place].arm == "pretrained" {
      let isFirst = results.runs[place].labelsPerClass == 50 && results.runs[place].seed == 1
      results.runs[place].collisionWorth = isFirst ? 0 : 500
    }
    let note =
      "“Pre-trained on real data” left collisions out of some trainings, 1 of 3 with 50 labels: "
      + "labeled events that were held out were told worse with them."
    #expect(results.collisionNotes == [note])
    #expect(results.table().hasSuffix("\n\n\(note)\n"))
    #expect(try Report(results).html(pictures: [:]).contains("left collisions out"))
    let copy = try StudyFixture.withTemporaryFolder { folder in
      try results.write(to: folder + "/results.json")
      return try StudyResults(contentsOf: folder + "/results.json")
    }
    #expect(copy.collisionNotes == [note])
  }
}
