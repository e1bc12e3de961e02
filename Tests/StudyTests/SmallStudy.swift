// SPDX-License-Identifier: Apache-2.0

import Configuration
import Study

/// Reads a configuration of two labeled samples and one without labels, with these sections and
/// samples more.
func smallStudy(_ sections: String, samples: String = "") throws -> StudyConfiguration {
  try StudyConfiguration(
    ConfigurationNode(
      text: """
        events:
          tree: Events
          objects:
            - {kind: muon, columns: {pt: pt, eta: eta, phi: phi, mass: 0.10566}}
        samples:
          - {name: a, files: [a.root], label: 0}
          - {name: b, files: [b.root], label: 1}
          - {name: data, files: [data.root]}
        \(samples)
        \(sections)
        """, name: "study.yaml"))
}
