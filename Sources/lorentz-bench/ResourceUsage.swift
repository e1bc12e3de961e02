// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What the program used so far, or `nil` if the system does not tell.
func resourceUsage() -> rusage? {
  var usage = rusage()
  return getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 ? usage : nil
}
