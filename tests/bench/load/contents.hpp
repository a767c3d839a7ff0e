#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model.hpp"

namespace streamhost::load {

// All that is published in a run: the text of each message follows from its channel and its number (from 1).
// A thousand readers of one channel compare the same texts and frames, so those of the last messages of a
// single channel are kept.
class Contents {
public:
    // `owns`: each stream has one producer, where the server knows such a thing.
    Contents(std::uint64_t channels, std::size_t bytes, bool owns);

    [[nodiscard]] std::uint64_t channels() const noexcept { return models_.size(); }
    [[nodiscard]] bool owns() const noexcept { return owns_; }
    [[nodiscard]] StreamModel& model(std::uint64_t channel) {
        return *models_[static_cast<std::size_t>(channel)];
    }
    // The view lives until kKept further messages.
    [[nodiscard]] std::string_view text(std::uint64_t channel, std::uint64_t number);

    // A frame of the single channel that was read and verified once: the same bytes at the same place need no
    // second look. 0: not known, else the number of its last message.
    [[nodiscard]] std::uint64_t last_of(std::string_view frame, std::uint64_t from) const noexcept;
    void keep(std::string_view frame, std::uint64_t from, std::uint64_t last);

private:
    static constexpr std::size_t kKept = 128;
    struct Text {
        std::uint64_t number = 0;
        std::string text;
    };
    struct Frame {
        std::uint64_t from = 0;
        std::uint64_t last = 0;
        std::string bytes;
    };

    bool owns_;
    std::vector<std::unique_ptr<StreamModel>> models_;
    std::array<Text, kKept> texts_;
    std::array<Frame, kKept> frames_;
};

}  // namespace streamhost::load
