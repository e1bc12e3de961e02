// SPDX-License-Identifier: Apache-2.0

// The thread's last failure and its error scopes.

#include <c10/util/Exception.h>

#include <new>
#include <string>

#include "support.hpp"

namespace {

struct ErrorState {
  std::string message;
  int depth = 0;
  bool failed = false;
};

thread_local ErrorState state;

// Only the caching allocator of CUDA has an exception of its own; the others tell by their words.
bool is_about_memory(const std::string &message) {
  for (const char *words :
       {"can't allocate memory", "not enough memory", "out of memory",
        "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED"}) {
    if (message.find(words) != std::string::npos) return true;
  }
  return false;
}

ctorch_status record(bool is_memory, std::string message) {
  state.message = std::move(message);
  if (!is_memory) return CTORCH_FAILED;
  if (state.depth > 0) state.failed = true;
  return CTORCH_OUT_OF_MEMORY;
}

}  // namespace

bool ctorch::must_skip() noexcept { return state.failed; }

ctorch_status ctorch::record_current_exception() noexcept {
  try {
    throw;
  } catch (const c10::OutOfMemoryError &error) {
    return record(true, error.what_without_backtrace());
  } catch (const c10::Error &error) {
    std::string message = error.what_without_backtrace();
    return record(is_about_memory(message), message);
  } catch (const std::bad_alloc &) {
    return record(true, "the machine has no memory left");
  } catch (const std::exception &error) {
    std::string message = error.what();
    return record(is_about_memory(message), message);
  } catch (...) {
    return record(false, "an exception of unknown type");
  }
}

extern "C" {

const char *ctorch_error_message(void) { return state.message.c_str(); }

void ctorch_error_scope_begin(void) { state.depth += 1; }

bool ctorch_error_is_pending(void) { return state.failed; }

void ctorch_error_describe(const char *message) { state.message = message; }

bool ctorch_error_scope_end(void) {
  state.depth -= 1;
  return std::exchange(state.failed, false);
}

}  // extern "C"
