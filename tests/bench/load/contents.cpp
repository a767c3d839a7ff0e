#include "contents.hpp"

namespace streamhost::load {

Contents::Contents(std::uint64_t channels, std::size_t bytes, bool owns) : owns_(owns) {
    for (std::uint64_t number = 0; number < channels; ++number) {
        std::string id = "load-stream-" + std::to_string(number) + (owns ? ".answer" : ".shared");
        models_.push_back(std::make_unique<StreamModel>(std::move(id), number, bytes));
    }
}

std::string_view Contents::text(std::uint64_t channel, std::uint64_t number) {
    if (models_.size() > 1) return model(channel).text(number);
    Text& kept = texts_[static_cast<std::size_t>(number % kKept)];
    if (kept.number != number) kept = {number, std::string(model(0).text(number))};
    return kept.text;
}

std::uint64_t Contents::last_of(std::string_view frame, std::uint64_t from) const noexcept {
    const Frame& kept = frames_[static_cast<std::size_t>(from % kKept)];
    return kept.from == from && kept.bytes == frame ? kept.last : 0;
}

void Contents::keep(std::string_view frame, std::uint64_t from, std::uint64_t last) {
    if (models_.size() > 1) return;
    frames_[static_cast<std::size_t>(from % kKept)] = {from, last, std::string(frame)};
}

}  // namespace streamhost::load
