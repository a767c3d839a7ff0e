#include "observe/metric_names.hpp"

#include <algorithm>
#include <cmath>

#include "observe/log_line.hpp"

namespace streamhost::observe {
namespace {

constexpr std::size_t kMaxNameBytes = 100;
constexpr std::size_t kMaxTextBytes = 128;
constexpr std::size_t kMaxLabels = 8;
constexpr std::size_t kMaxBounds = 64;

bool is_name(std::string_view name) {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    return !name.empty() && name.size() <= kMaxNameBytes && is_letter(name[0]) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

bool ascends(std::span<const double> bounds) {
    const auto not_below = std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<>());
    return not_below == bounds.end() &&
           std::all_of(bounds.begin(), bounds.end(), [](double bound) { return std::isfinite(bound); });
}

std::string why_bad_labels(Labels labels) {
    if (labels.size() > kMaxLabels) return "too many labels";
    for (const Label& label : labels) {
        // le is the histogram's own label; two underscores are the scraper's.
        if (!is_name(label.name) || label.name.starts_with("__") || label.name == "le")
            return "malformed label name";
        const auto same = std::count_if(labels.begin(), labels.end(),
                                        [&](const Label& other) { return other.name == label.name; });
        if (same != 1) return "a label twice";
    }
    return {};
}

}  // namespace

std::string why_malformed(const MetricSpec& spec) {
    if (!is_name(spec.name)) return "malformed name";
    const bool histogram = spec.kind == MetricKind::histogram;
    if (histogram && (spec.bounds.empty() || spec.bounds.size() > kMaxBounds))
        return "a histogram needs 1 to 64 bounds";
    if (!histogram && !spec.bounds.empty()) return "only a histogram has bounds";
    if (!ascends(spec.bounds)) return "bounds must ascend";
    return why_bad_labels(spec.labels);
}

std::string printable(std::string_view text) { return valid_utf8(text.substr(0, kMaxTextBytes)); }

}  // namespace streamhost::observe
