// SPDX-License-Identifier: Apache-2.0

import Classification
import Events

extension FineTuningConfiguration {
  /// The variables that the head reads: those of the configuration, automatic ones where it has
  /// none, or `nil`.
  func headVariables(_ configured: EventVariables?, schema: EventSchema) -> EventVariables? {
    variables ? configured ?? EventVariables(automaticFor: schema) : nil
  }
}
