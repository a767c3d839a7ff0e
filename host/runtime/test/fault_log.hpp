#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "runtime/fault.hpp"

namespace streamhost::runtime::test {

/// Collects the faults of a test instead of aborting. One at a time.
class FaultLog {
public:
    FaultLog() {
        instance = this;
        before_ = set_fault_handler(&record);
    }
    ~FaultLog() {
        set_fault_handler(before_);
        instance = nullptr;
    }
    FaultLog(const FaultLog&) = delete;
    FaultLog& operator=(const FaultLog&) = delete;

    [[nodiscard]] std::vector<std::string> lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }

private:
    static void record(std::string_view where, std::string_view what) noexcept {
        const std::lock_guard lock(instance->mutex_);
        instance->lines_.push_back(std::string(where) + ": " + std::string(what));
    }

    inline static FaultLog* instance = nullptr;
    FaultHandler before_ = nullptr;
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

}  // namespace streamhost::runtime::test
