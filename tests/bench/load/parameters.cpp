#include "parameters.hpp"

#include <algorithm>
#include <charconv>

#include "failure.hpp"

namespace streamhost::load {

Parameters::Parameters(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos || equals == 0) throw Failure("not name=value: " + word);
        given_[word.substr(0, equals)] = word.substr(equals + 1);
    }
}

std::uint64_t Parameters::number(const std::string& name, std::uint64_t otherwise, std::uint64_t least) {
    std::uint64_t value = otherwise;
    if (const auto found = given_.find(name); found != given_.end()) {
        const std::string& text = found->second;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size() || value < least)
            throw Failure(name + " is a number of at least " + std::to_string(least));
        given_.erase(found);
    }
    taken_.emplace_back(name, std::to_string(value));
    return value;
}

std::string Parameters::choice(const std::string& name, const std::vector<std::string>& choices) {
    std::string value = choices.front();
    if (const auto found = given_.find(name); found != given_.end()) {
        value = found->second;
        given_.erase(found);
    }
    if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
        std::string list;
        for (const std::string& known : choices)
            list += " " + known;
        throw Failure(name + " is one of" + list);
    }
    taken_.emplace_back(name, value);
    return value;
}

void Parameters::finish() const {
    if (!given_.empty()) throw Failure("this scenario has no parameter " + given_.begin()->first);
}

}  // namespace streamhost::load
