#include "fold.hpp"

#include "streamhost/json.hpp"

namespace streamcache {

using streamhost::view;

void Fold::add(std::span<const sh_record> records) {
    for (const sh_record& record : records) {
        if (record.type == SH_RECORD_END) continue;
        at_ = {record.seq, record.check};
        bytes_ += static_cast<std::size_t>(record.data.size);
        if (record.type == SH_RECORD_RUN) {
            add_run(record);
        } else if (record.type == SH_RECORD_TEXT && !folded_.empty() &&
                   folded_.back().head.type == SH_RECORD_TEXT) {
            folded_.back().data += view(record.data);
            folded_.back().head.seq = record.seq;
            folded_.back().head.check = record.check;
        } else {
            folded_.emplace_back(record);
        }
    }
}

void Fold::add_run(const sh_record& record) {
    const auto [entry, is_first] =
        run_at_.try_emplace(std::string(streamhost::own_member(view(record.data), "run")), folded_.size());
    if (!is_first) {
        folded_[entry->second] = {};
        entry->second = folded_.size();
    }
    folded_.emplace_back(record);
}

std::vector<sh_record> Fold::records() const {
    std::vector<sh_record> result;
    result.reserve(folded_.size());
    for (const auto& owned : folded_) {
        if (owned.head.type != 0) result.push_back(owned.record());
    }
    return result;
}

}  // namespace streamcache
