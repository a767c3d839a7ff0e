#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/origin.hpp"

namespace streamhost::config {

// One thing that is wrong, told so that its reader can mend it without a second run: where, which key, what
// is wrong, what would be right, and what to do next. Never holds the text of a secret.
struct Issue {
    Origin where;
    std::string path;
    std::string problem;
    std::string allowed;    // may be empty
    std::string next_step;  // may be empty
};

using Issues = std::vector<Issue>;

struct Value;

// At the place where `path` was written below `root`, or nowhere in particular.
[[nodiscard]] Issue issue_at(const Value& root, std::string path, std::string problem, std::string next_step);

// "streamhost.yaml:3:5: listeners.public.adress: unknown key, did you mean "address"?" and, indented below,
// the lines "allowed:" and "next:".
[[nodiscard]] std::string format(const Issue& issue);

// "listeners.public.address: it is taken; use another one": without its place, for whoever asked for one
// thing.
[[nodiscard]] std::string one_line(const Issue& issue);

// All of them, sorted by place, one after the other; beyond `limit` only their number.
[[nodiscard]] std::string format(std::span<const Issue> issues, std::size_t limit = 100);

void sort_by_place(Issues& issues);

// In double quotes with JSON's escapes, so that no text from a file can reach a terminal raw. With a limit
// the text is cut at that many bytes (at a whole character) and ends in "...".
[[nodiscard]] std::string quote(std::string_view text, std::size_t limit = std::string_view::npos);

// The text itself if it is valid UTF-8 without control characters, else quoted, with bad bytes as \u00xx.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace streamhost::config
