#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "streamhost/abi/host.h"

#include "runtime/task.hpp"

namespace streamhost::control {

/// The problem: a plugin that fails half-way through start(), or that simply forgets, must leave nothing
/// behind.
///
/// Everything an instance acquires (a timer, a route, an encoding, a health entry) is recorded here with the
/// way to take it back. Undoing a failed start and stopping are the same: revoke all, newest first.
///
/// What the outside world can reach (routes, encodings) is recorded with an `activate` and shows only when
/// the instance has started as a whole: a failed start was never visible.
class OwnedHandles {
public:
    struct Record {
        std::string_view kind;  ///< static text: "timer", "route"
        runtime::Task
            activate;  ///< may be empty. Runs on [control] when the instance opens, or at once after that
        runtime::Task revoke;  ///< may be empty: nothing to take back once it is active
    };
    struct Limits {
        std::size_t records = 65'536;
    };

    OwnedHandles() = default;
    explicit OwnedHandles(Limits limits) : limits_(limits) {}
    OwnedHandles(const OwnedHandles&) = delete;
    OwnedHandles& operator=(const OwnedHandles&) = delete;

    enum class Refusal { none = 1, full, closed };
    struct Added {
        sh_handle handle = 0;  ///< unique in the process; 0 with a refusal, and the record was not touched
        Refusal refusal = Refusal::none;
    };
    [[nodiscard]] Added add(Record&& record);  ///< [any]
    bool revoke(sh_handle handle);             ///< [any] the plugin takes it back itself; false: not its own
    bool forget(sh_handle handle);             ///< [any] it ended by itself: a timer that has fired

    void open();          ///< [control] activates what waits, in order of registration
    std::string close();  ///< [control] revokes all, refuses later ones. "2 timer, 1 route", or ""
    [[nodiscard]] std::map<std::string_view, std::size_t> counts() const;  ///< [any]

private:
    struct Taken;
    [[nodiscard]] Taken take(sh_handle handle);

    const Limits limits_{};
    mutable std::mutex mutex_;
    std::map<sh_handle, Record> records_;  // guarded by mutex_, as are the following; ordered by age
    bool open_ = false;
    bool closed_ = false;
};

}  // namespace streamhost::control
