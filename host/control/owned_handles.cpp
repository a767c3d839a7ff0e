#include "control/owned_handles.hpp"

#include <atomic>
#include <iterator>
#include <utility>
#include <vector>

namespace streamhost::control {
namespace {

/// One counter for the process: a handle of one instance never names something of another.
std::atomic<sh_handle> last_handle{0};

}  // namespace

struct OwnedHandles::Taken {
    bool found = false;
    Record record;
};

OwnedHandles::Added OwnedHandles::add(Record&& record) {
    runtime::Task activate;
    Added added;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return {0, Refusal::closed};
        if (records_.size() >= limits_.records) return {0, Refusal::full};
        added.handle = last_handle.fetch_add(1, std::memory_order_relaxed) + 1;
        if (open_) activate = std::move(record.activate);
        if (!open_ || record.revoke) records_.emplace(added.handle, std::move(record));
    }
    if (activate) activate();
    return added;
}

OwnedHandles::Taken OwnedHandles::take(sh_handle handle) {
    const std::lock_guard lock(mutex_);
    const auto at = records_.find(handle);
    if (at == records_.end()) return {};
    Taken taken{true, std::move(at->second)};
    records_.erase(at);
    return taken;
}

bool OwnedHandles::revoke(sh_handle handle) {
    Taken taken = take(handle);
    if (taken.record.revoke) taken.record.revoke();
    return taken.found;
}

bool OwnedHandles::forget(sh_handle handle) { return take(handle).found; }

void OwnedHandles::open() {
    std::vector<runtime::Task> activations;
    {
        const std::lock_guard lock(mutex_);
        open_ = true;
        for (auto at = records_.begin(); at != records_.end();) {
            if (at->second.activate) activations.push_back(std::move(at->second.activate));
            at = at->second.revoke ? std::next(at) : records_.erase(at);
        }
    }
    for (runtime::Task& activate : activations)
        activate();
}

std::string OwnedHandles::close() {
    std::map<sh_handle, Record> left;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        left.swap(records_);
    }
    std::map<std::string_view, std::size_t> revoked;
    for (auto at = left.rbegin(); at != left.rend(); ++at) {
        ++revoked[at->second.kind];
        if (at->second.revoke) at->second.revoke();
    }
    std::string text;
    for (const auto& [kind, count] : revoked) {
        text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(kind);
    }
    return text;
}

std::map<std::string_view, std::size_t> OwnedHandles::counts() const {
    std::map<std::string_view, std::size_t> counts;
    const std::lock_guard lock(mutex_);
    for (const auto& [handle, record] : records_)
        ++counts[record.kind];
    return counts;
}

}  // namespace streamhost::control
