#include "fold.hpp"

#include <string_view>

namespace streamcache {

using streamhost::view;

namespace {

// Which run a run state is about. The chat plugin writes these objects, ids need no escaping.
std::string_view run_of(std::string_view data) {
    constexpr std::string_view kMember = "\"run\":\"";
    const std::size_t found = data.find(kMember);
    if (found == std::string_view::npos) return {};
    const std::string_view rest = data.substr(found + kMember.size());
    return rest.substr(0, rest.find('"'));
}

}  // namespace

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
        run_at_.try_emplace(std::string(run_of(view(record.data))), folded_.size());
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
