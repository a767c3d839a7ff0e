// The problem: a run is named by several entries of its session, and a reader that has left it, or has had
// all of it, must not be given it again at the next one. A connection may live for weeks and see any number.
//
// The last kMax streams that a reader was given, or that wait for it. The oldest is forgotten: its run has
// ended long ago as a rule, and would only be sent a second time, which readers drop by its numbers.
//
// One array: each connection has one of these, and most see a few runs. Looking at kMax hashes in a row takes
// less than a microsecond, once for each run that begins.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace recovery {

class SeenStreams {
public:
    static constexpr std::size_t kMax = 512;

    // False: it is among them already. [store]
    bool add(std::string_view stream) {
        const std::size_t hash = std::hash<std::string_view>{}(stream);
        for (const Name& name : names_)
            if (name.hash == hash && name.text == stream) return false;
        if (names_.size() < kMax) {
            names_.push_back({hash, std::string(stream)});
        } else {
            names_[oldest_] = {hash, std::string(stream)};
            oldest_ = (oldest_ + 1) % kMax;
        }
        return true;
    }
    [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }

private:
    struct Name {
        std::size_t hash = 0;
        std::string text;
    };
    std::vector<Name> names_;
    std::size_t oldest_ = 0;  // once there are kMax
};

}  // namespace recovery
