// SPDX-License-Identifier: Apache-2.0

// Blocks of memory that are used again.

#include <cstdlib>
#include <mutex>
#include <vector>

#include "ckernels.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace {

// In front of the memory that is given out stands the size of its block.
constexpr size_t header = 64;
constexpr size_t page = 4096;
constexpr size_t large_page = size_t(2) << 20;
// More than a training has in flight at a time goes back to the system.
constexpr size_t most_kept = 24;

std::mutex mutex;
std::vector<char *> kept;

size_t size_of(const char *block) { return *reinterpret_cast<const size_t *>(block); }

/// Returns a kept block that is large enough, but not far too large, or null.
char *reused(size_t bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  size_t best = kept.size();
  for (size_t index = 0; index < kept.size(); ++index) {
    const size_t size = size_of(kept[index]);
    if (size < bytes || size > 2 * bytes + large_page) continue;
    if (best == kept.size() || size < size_of(kept[best])) best = index;
  }
  if (best == kept.size()) return nullptr;
  char *block = kept[best];
  kept.erase(kept.begin() + static_cast<ptrdiff_t>(best));
  return block;
}

}  // namespace

extern "C" {

float *ckernels_take_memory(size_t count) {
  size_t bytes = count * sizeof(float) + header;
  char *block = reused(bytes);
  if (!block) {
    const size_t unit = bytes < large_page ? page : large_page;
    // Batches differ in size; an eighth more lets the next one use the block again.
    bytes = (bytes + bytes / 8 + unit - 1) / unit * unit;
    void *start = nullptr;
    if (posix_memalign(&start, unit, bytes) != 0) return nullptr;
#if defined(__linux__)
    if (unit == large_page) madvise(start, bytes, MADV_HUGEPAGE);
#endif
    block = static_cast<char *>(start);
    *reinterpret_cast<size_t *>(block) = bytes;
  }
  return reinterpret_cast<float *>(block + header);
}

void ckernels_give_memory(float *memory) {
  if (!memory) return;
  char *block = reinterpret_cast<char *>(memory) - header;
  {
    std::lock_guard<std::mutex> lock(mutex);
    kept.push_back(block);
    if (kept.size() <= most_kept) return;
    block = kept.front();
    kept.erase(kept.begin());
  }
  free(block);
}

}  // extern "C"
