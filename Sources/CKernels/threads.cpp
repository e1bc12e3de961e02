// SPDX-License-Identifier: Apache-2.0

#include "threads.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

namespace ckernels {

namespace {

/// Threads that sleep until there is work.
class Pool {
 public:
  /// Runs the work with up to `threads - 1` helpers; false if another caller has them.
  bool run(int count, int threads, Work work, void *context) {
    std::unique_lock<std::mutex> owner(in_use_, std::try_to_lock);
    if (!owner.owns_lock()) return false;
    start(threads - 1);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      work_ = work;
      context_ = context;
      count_ = count;
      next_.store(0, std::memory_order_relaxed);
      wanted_ = threads - 1 < started_ ? threads - 1 : started_;
      working_ = wanted_;
      generation_ += 1;
    }
    wake_.notify_all();
    take_pieces(0);
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return working_ == 0; });
    return true;
  }

 private:
  void start(int helpers) {
    while (started_ < helpers) {
      try {
        // The helpers live as long as the process; they hold nothing that has to be given back.
        std::thread(&Pool::help, this, started_ + 1, generation_).detach();
      } catch (const std::system_error &) {
        return;  // The threads that there are do the work.
      }
      started_ += 1;
    }
  }

  void help(int worker, unsigned long seen) {
    for (;;) {
      {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [&] { return generation_ != seen; });
        seen = generation_;
        if (worker > wanted_) continue;
      }
      take_pieces(worker);
      std::lock_guard<std::mutex> lock(mutex_);
      working_ -= 1;
      if (working_ == 0) done_.notify_one();
    }
  }

  void take_pieces(int worker) {
    for (;;) {
      const int index = next_.fetch_add(1, std::memory_order_relaxed);
      if (index >= count_) return;
      work_(context_, index, worker);
    }
  }

  std::mutex in_use_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  Work work_ = nullptr;
  void *context_ = nullptr;
  int count_ = 0;
  std::atomic<int> next_{0};
  int started_ = 0;
  int wanted_ = 0;
  int working_ = 0;
  unsigned long generation_ = 0;
};

}  // namespace

void share(int count, int threads, Work work, void *context) {
  if (threads > count) threads = count;
  if (threads > 1) {
    // Never destroyed: its threads may still wait in it when the process ends.
    static Pool *const pool = new Pool;
    if (pool->run(count, threads, work, context)) return;
  }
  for (int index = 0; index < count; ++index) work(context, index, 0);
}

}  // namespace ckernels
