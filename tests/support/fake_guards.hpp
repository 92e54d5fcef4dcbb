// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.hpp"
#include "io/guard.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace support {

// Guards that are only counted; `die` does what one does when its process is killed.
class FakeGuards : public io::Guards {
 public:
  void wait() override {
    ++waits;
    if (blocked) {
      throw core::Error(*blocked);
    }
  }
  std::unique_ptr<io::Guard> open(std::function<void(io::Kernel&)> undo) override {
    if (blocked) {
      throw core::Error(*blocked);
    }
    ++opened;
    ++standing;
    die = std::move(undo);
    return std::make_unique<Standing>(standing);
  }

  std::optional<core::Error> blocked = {};  // the name is somebody else's
  int waits = 0;
  int opened = 0;
  int standing = 0;
  std::function<void(io::Kernel&)> die = {};

 private:
  class Standing : public io::Guard {
   public:
    explicit Standing(int& count) : count_(count) {}
    Standing(const Standing&) = delete;
    Standing& operator=(const Standing&) = delete;
    ~Standing() override { --count_; }

   private:
    int& count_;
  };
};

}  // namespace support
