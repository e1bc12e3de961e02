// SPDX-License-Identifier: Apache-2.0

// Memory of tensors that is kept when they are freed.

#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>

#include <array>
#include <atomic>
#include <bit>
#include <mutex>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "ctorch_training.h"

namespace {

/// Stands before the bytes of a block, which stay aligned as LibTorch aligns them.
struct alignas(64) Header {
  Header *next;
  size_t size_class;
};

/// Four sizes for each power of two, so that batches that differ a little take the same blocks, and
/// a block is at most a quarter larger than what was asked for.
size_t class_of(size_t bytes) {
  if (bytes <= 256) return (bytes + 63) / 64;
  const size_t exponent = std::bit_width(bytes - 1) - 1;
  return 4 * (exponent - 7) + (((bytes - 1) >> (exponent - 2)) & 3) + 1;
}

/// The largest number of bytes of a class.
size_t size_of(size_t size_class) {
  if (size_class <= 4) return 64 * size_class;
  const size_t exponent = (size_class - 1) / 4 + 7;
  return (size_t(4) + (size_class - 1) % 4 + 1) << (exponent - 2);
}

/// Keeps freed blocks in a list for each size, where the next tensor of that size finds them.
class Pool final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    const c10::Device cpu(c10::DeviceType::CPU);
    if (bytes == 0) return {nullptr, nullptr, &release, cpu};
    const auto size_class = class_of(bytes);
    Header *block = nullptr;
    if (size_class < lists_.size()) {
      auto &list = lists_[size_class];
      std::lock_guard<std::mutex> lock(list.mutex);
      block = list.first;
      if (block != nullptr) list.first = block->next;
    }
    if (block != nullptr) {
      kept_bytes_ -= size_of(size_class);
      reused_ += 1;
    } else {
      // What it throws when there is no memory names the bytes.
      const auto size = size_class < lists_.size() ? size_of(size_class) : bytes;
      block = static_cast<Header *>(c10::alloc_cpu(sizeof(Header) + size));
      block->size_class = size_class;
      allocated_ += 1;
    }
    void *data = block + 1;
    return {data, data, &release, cpu};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void *to, const void *from, size_t count) const override {
    default_copy_data(to, from, count);
  }

  ctorch_memory_counts counts() const { return {allocated_, reused_}; }

  static Pool &shared() {
    // Never destroyed: tensors may outlive whatever ends the program.
    static auto *pool = new Pool;
    return *pool;
  }

 private:
  /// Of more than this, blocks go back to the system.
  static constexpr int64_t limit = int64_t(1) << 30;

  struct List {
    std::mutex mutex;
    Header *first = nullptr;
  };

  static void release(void *data) {
    if (data == nullptr) return;
    auto *block = static_cast<Header *>(data) - 1;
    auto &pool = shared();
    const auto size_class = block->size_class;
    if (size_class < pool.lists_.size()) {
      const auto size = static_cast<int64_t>(size_of(size_class));
      if (pool.kept_bytes_.fetch_add(size) + size <= limit) {
        auto &list = pool.lists_[size_class];
        std::lock_guard<std::mutex> lock(list.mutex);
        block->next = list.first;
        list.first = block;
        return;
      }
      pool.kept_bytes_ -= size;
    }
    c10::free_cpu(block);
  }

  // Up to 1 GiB.
  std::array<List, 93> lists_;
  std::atomic<int64_t> kept_bytes_{0};
  std::atomic<int64_t> allocated_{0};
  std::atomic<int64_t> reused_{0};
};

}  // namespace

extern "C" {

void ctorch_keep_freed_memory(void) {
#if defined(__GLIBC__)
  // For what is not a tensor. Above the threshold blocks are mapped and unmapped each time; glibc
  // refuses more than 32 MB.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
  c10::SetCPUAllocator(&Pool::shared());
}

ctorch_memory_counts ctorch_count_memory(void) { return Pool::shared().counts(); }

}  // extern "C"
