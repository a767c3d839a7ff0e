// A snapshot says the same as the entries it stands for, in fewer: adjacent text is one entry, of each run
// only its last state is left, and the end is never part of it (it is told by an `end` frame of its own).
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "streamhost/bytes.hpp"
#include "streamhost/json.hpp"

namespace streamhost {

// Takes entries in order, page by page. Pure.
class Fold {
public:
    void add(std::span<const sh_record> records) {
        for (const sh_record& record : records) {
            if (record.type != SH_RECORD_END) add(record);
        }
    }
    // Of the last entry folded in; (0, 0): none yet.
    [[nodiscard]] sh_position at() const noexcept { return at_; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    // seq and check of a joined entry are those of its last part. Views, as long as nothing is added.
    [[nodiscard]] std::vector<sh_record> records() const {
        std::vector<sh_record> result;
        result.reserve(folded_.size());
        for (const OwnedRecord& owned : folded_) {
            if (owned.head.type != kReplaced) result.push_back(owned.record());
        }
        return result;
    }

private:
    static constexpr std::uint32_t kReplaced = 0;  // by a later state of the same run

    void add(const sh_record& record) {
        at_ = {record.seq, record.check};
        bytes_ += static_cast<std::size_t>(record.data.size);
        if (record.type == SH_RECORD_RUN) return add_run(record);
        const bool goes_on =
            record.type == SH_RECORD_TEXT && !folded_.empty() && folded_.back().head.type == SH_RECORD_TEXT;
        if (!goes_on) return static_cast<void>(folded_.emplace_back(record));
        folded_.back().data += view(record.data);
        folded_.back().head.seq = record.seq;
        folded_.back().head.check = record.check;
    }
    void add_run(const sh_record& record) {
        const auto [entry, is_first] =
            run_at_.try_emplace(std::string(own_member(view(record.data), "run")), folded_.size());
        if (!is_first) {
            folded_[entry->second] = {};
            entry->second = folded_.size();
        }
        folded_.emplace_back(record);
    }

    std::vector<OwnedRecord> folded_;
    std::unordered_map<std::string, std::size_t> run_at_;
    sh_position at_{};
    std::size_t bytes_ = 0;
};

}  // namespace streamhost
