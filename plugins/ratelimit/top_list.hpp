// Who was refused most, in little memory: of many names the few that count.
//
// Source: the Space-Saving algorithm, Metwally, Agrawal and El Abbadi, "Efficient computation of frequent and
// top-k elements in data streams" (2005). One thread at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "limit.hpp"

namespace ratelimit {

struct Throttled {
    By by = By::kAddress;
    std::string key;
    std::uint64_t refused = 0;
    std::uint64_t maybe_less = 0;  // by so many: refusals of others whose place this one took
    std::int64_t last_ns = 0;
};

class TopList {
public:
    static constexpr std::size_t kPlaces = 8;

    void note(By by, std::string_view key, std::int64_t now_ns) {
        Throttled* const end = places_.data() + used_;
        Throttled* place = std::find_if(places_.data(), end,
                                        [&](const Throttled& one) { return one.by == by && one.key == key; });
        if (place == end) place = replace(by, key);
        ++place->refused;
        place->last_ns = now_ns;
    }
    void forget(By by, std::string_view key) {
        for (std::size_t index = 0; index < used_; ++index) {
            if (places_[index].by != by || places_[index].key != key) continue;
            std::swap(places_[index], places_[--used_]);
            return;
        }
    }
    void append_to(std::vector<Throttled>& all) const {
        all.insert(all.end(), places_.begin(), places_.begin() + static_cast<std::ptrdiff_t>(used_));
    }

private:
    Throttled* replace(By by, std::string_view key) {
        Throttled* place = nullptr;
        std::uint64_t inherited = 0;
        if (used_ < kPlaces) {
            place = &places_[used_++];
        } else {
            place = std::min_element(places_.data(), places_.data() + used_,
                                     [](const auto& a, const auto& b) { return a.refused < b.refused; });
            inherited = place->refused;
        }
        *place = {by, std::string(key), inherited, inherited, 0};
        return place;
    }

    std::array<Throttled, kPlaces> places_;
    std::size_t used_ = 0;
};

}  // namespace ratelimit
