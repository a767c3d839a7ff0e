// A snapshot says the same as the entries it stands for, in fewer: adjacent text is one entry, of each run
// only its last state is left, and the end is never part of it (it is told by an `end` frame of its own).
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "streamhost/bytes.hpp"

namespace streamcache {

// Takes entries in order, page by page. Pure.
class Fold {
public:
    void add(std::span<const sh_record> records);
    // Of the last entry folded in; (0, 0): none yet.
    [[nodiscard]] sh_position at() const noexcept { return at_; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    // seq and check of a joined entry are those of its last part.
    [[nodiscard]] std::vector<sh_record> records() const;

private:
    void add_run(const sh_record& record);

    std::vector<streamhost::OwnedRecord> folded_;  // type 0: replaced by a later run state
    std::unordered_map<std::string, std::size_t> run_at_;
    sh_position at_{};
    std::size_t bytes_ = 0;
};

}  // namespace streamcache
