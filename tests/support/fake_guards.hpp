// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.hpp"
#include "io/guard.hpp"
#include "io/lock.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace support {

// Counts guards. `die` does what a guard does when its run is killed.
class FakeGuards : public io::Guards {
 public:
  std::unique_ptr<io::Guard> open(std::function<void(io::Kernel&)> undo, io::Duration patience,
                                  const io::Lock* lock) override {
    if (blocked) {
      throw core::Error(*blocked);
    }
    ++opened;
    ++standing;
    given = patience;
    locked = lock != nullptr;
    die = std::move(undo);
    return std::make_unique<Standing>(*this);
  }

  std::optional<core::Error> blocked = {};  // no process can be started
  io::Guard::End end = io::Guard::End::confirmed;
  int opened = 0;
  int standing = 0;
  int confirmed = 0;
  io::Duration given = {};
  bool locked = false;
  std::function<void(io::Kernel&)> die = {};

 private:
  class Standing : public io::Guard {
   public:
    explicit Standing(FakeGuards& guards) : guards_(guards) {}
    Standing(const Standing&) = delete;
    Standing& operator=(const Standing&) = delete;
    ~Standing() override { --guards_.standing; }
    End confirm() override {
      ++guards_.confirmed;
      return guards_.end;
    }

   private:
    FakeGuards& guards_;
  };
};

// A lock that another run may hold for some attempts.
class FakeLocks : public io::Locks {
 public:
  std::unique_ptr<io::Lock> try_take() override {
    ++asked;
    if (failure) {
      throw core::Error(*failure);
    }
    if (held_by_another > 0) {
      --held_by_another;
      return nullptr;
    }
    ++taken;
    if (on_take) {
      std::exchange(on_take, {})();
    }
    return std::make_unique<Held>(held);
  }

  std::optional<core::Error> failure = {};
  int held_by_another = 0;
  std::function<void()> on_take = {};  // what the other run left
  int asked = 0;
  int taken = 0;
  int held = 0;

 private:
  class Held : public io::Lock {
   public:
    explicit Held(int& count) : count_(++count) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() override { --count_; }
    int descriptor() const override { return -1; }

   private:
    int& count_;
  };
};

}  // namespace support
