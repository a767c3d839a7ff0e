#include "config/nearest.hpp"

#include <algorithm>
#include <vector>

namespace streamhost::config {

namespace {

constexpr std::size_t kLongestName = 64;

char lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte; }

}  // namespace

std::size_t edit_distance(std::string_view left, std::string_view right) {
    // Three rows of the table: two above, one above, current.
    std::vector<std::size_t> before(right.size() + 1);
    std::vector<std::size_t> above(right.size() + 1);
    std::vector<std::size_t> row(right.size() + 1);
    for (std::size_t j = 0; j <= right.size(); ++j)
        above[j] = j;
    for (std::size_t i = 1; i <= left.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const bool same = lower(left[i - 1]) == lower(right[j - 1]);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0U : 1U)});
            const bool swapped = i > 1 && j > 1 && lower(left[i - 1]) == lower(right[j - 2]) &&
                                 lower(left[i - 2]) == lower(right[j - 1]);
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, above);
        std::swap(above, row);
    }
    return above[right.size()];
}

std::optional<std::string> nearest_name(std::string_view written, std::span<const std::string> names) {
    if (written.size() > kLongestName) return std::nullopt;
    std::size_t best = std::max<std::size_t>(1, written.size() / 3) + 1;
    std::optional<std::string> found;
    for (const std::string& name : names) {
        if (name.size() > kLongestName) continue;
        const std::size_t distance = edit_distance(written, name);
        if (distance >= best) continue;
        best = distance;
        found = name;
    }
    return found;
}

}  // namespace streamhost::config
