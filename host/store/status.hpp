#pragma once
// The answers of the store. One list for all commands, so that a caller can sort them by who can act.

#include <cstdint>
#include <string_view>

namespace streamhost::store {

/// How a command ended. Values are part of the plugin contract: append new ones, never renumber.
enum class Status : std::uint8_t {
    kOk = 1,
    kDuplicate = 2,  ///< The same write again: nothing changed, the answer is that of the first time.

    // The state of the thing forbids it; the caller decides what follows.
    kConflict = 3,    ///< Other content under a known key or number, or the other kind of stream.
    kGap = 4,         ///< First number beyond head + 1; `head` says what is there.
    kDiverged = 5,    ///< New entries do not chain from the stored head.
    kFenced = 6,      ///< A newer owner exists, or the lease is not the caller's any more.
    kHeld = 7,        ///< Another's lease lives; `left_ms` says for how long.
    kEnded = 8,       ///< The stream has its end entry.
    kNoStream = 9,    ///< Nothing known under this id.
    kFull = 10,       ///< The bound of a run or of a queue is reached.
    kForbidden = 11,  ///< Belongs to another user.
    kNotFound = 12,   ///< No such key, lock, member.

    // Mistakes of the caller.
    kInvalid = 13,   ///< A name, number or shape outside the documented range.
    kTooLarge = 14,  ///< More bytes or ids than one command may carry.

    // The environment. Every command may be repeated after these: a repeat has the effect of one.
    kTimeout = 15,      ///< No answer within the deadline. Says nothing about the effect.
    kGone = 16,         ///< The store was shut down first. Says nothing about the effect.
    kUnavailable = 17,  ///< No master, or the breaker is open.
    kExhausted = 18,    ///< The store's total memory bound; nothing was written.
};

/// Whether a command got a slot. Without one its completion never runs.
enum class Submit : std::uint8_t {
    kAccepted = 1,
    kBusy = 2,  ///< Too many commands in flight: back off, nothing was done.
    kGone = 3,  ///< The store is shut down.
};

std::string_view name_of(Status status) noexcept;

}  // namespace streamhost::store
