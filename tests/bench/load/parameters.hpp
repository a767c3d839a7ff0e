#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace streamhost::load {

// name=value words of the command line. Each scenario says its names and defaults by taking them; what it
// does not take is a mistake of the caller's, and what it took is written beside the result.
class Parameters {
public:
    explicit Parameters(const std::vector<std::string>& words);

    [[nodiscard]] std::uint64_t number(const std::string& name, std::uint64_t otherwise,
                                       std::uint64_t least = 1);
    // One of `choices`; the first is the default.
    [[nodiscard]] std::string choice(const std::string& name, const std::vector<std::string>& choices);
    void finish() const;  // throws Failure when something was not taken

    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& taken() const noexcept {
        return taken_;
    }

private:
    std::map<std::string, std::string> given_;
    std::vector<std::pair<std::string, std::string>> taken_;
};

}  // namespace streamhost::load
