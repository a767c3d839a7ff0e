#include "store/policy/joins.hpp"

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace streamhost::store {
namespace {

/// A tail over both stores, until both answered.
class TailJoin : public std::enable_shared_from_this<TailJoin> {
public:
    TailJoin(std::size_t count, StreamListDone done) : items_(count), done_(std::move(done)) {}

    Submit ask(StreamCommands& of, std::vector<std::string_view> ids, std::vector<std::size_t> places,
               std::uint32_t timeout_ms) {
        ++waiting_;
        const Submit submit = of.tail({.ids = ids, .timeout_ms = timeout_ms},
                                      [self = shared_from_this(), places = std::move(places)](
                                          const StreamListResult& result) { self->take(result, places); });
        if (submit != Submit::kAccepted) is_refused_ = true;  // the other part's answer finds nobody
        return submit;
    }

private:
    void take(const StreamListResult& result, const std::vector<std::size_t>& places) {
        if (result.status != Status::kOk) status_ = result.status;
        for (std::size_t index = 0; index < result.items.size() && index < places.size(); ++index)
            keep(result.items[index], items_[places[index]]);
        if (--waiting_ > 0 || is_refused_) return;
        done_({.status = status_, .items = status_ == Status::kOk ? items_ : std::vector<StreamItem>()});
    }
    void keep(const StreamItem& from, StreamItem& to) {
        to = from;
        to.id = texts_.emplace_back(from.id);
        to.info.user = texts_.emplace_back(from.info.user);
        to.job = texts_.emplace_back(from.job);
    }

    std::vector<StreamItem> items_;
    std::deque<std::string> texts_;  // a deque: what items show must not move
    StreamListDone done_;
    Status status_ = Status::kOk;
    int waiting_ = 0;
    bool is_refused_ = false;
};

}  // namespace

Submit tail_of_both(const TailRequest& request, const std::function<bool(std::string_view)>& is_ours,
                    StreamCommands& node, StreamCommands& durable, StreamListDone done) {
    std::vector<std::string_view> ids[2];
    std::vector<std::size_t> places[2];
    for (std::size_t place = 0; place < request.ids.size(); ++place) {
        const std::size_t part = is_ours(request.ids[place]) ? 0 : 1;
        ids[part].push_back(request.ids[place]);
        places[part].push_back(place);
    }
    // Too many for one store are too many for two.
    if (ids[0].empty() || request.ids.size() > kMaxTailIds) return durable.tail(request, std::move(done));
    if (ids[1].empty()) return node.tail(request, std::move(done));
    const auto join = std::make_shared<TailJoin>(request.ids.size(), std::move(done));
    const Submit first = join->ask(node, ids[0], places[0], request.timeout_ms);
    if (first != Submit::kAccepted) return first;
    return join->ask(durable, ids[1], places[1], request.timeout_ms);
}

Submit open_take_of_both(const OpenTakeRequest& request, JobCommands& node, JobCommands& durable,
                         OpenDone done) {
    struct Taken {
        std::vector<std::string> members;
        std::uint64_t size = 0;
        OpenDone done;
    };
    const auto taken = std::make_shared<Taken>(Taken{{}, 0, std::move(done)});
    const auto answer = [taken](const OpenResult& rest) {
        std::vector<std::string_view> members(taken->members.begin(), taken->members.end());
        members.insert(members.end(), rest.members.begin(), rest.members.end());
        const bool has_some = rest.status == Status::kOk || !members.empty();
        taken->done({.status = has_some ? Status::kOk : rest.status,
                     .members = members,
                     .size = taken->size + rest.size});
    };
    return node.open_take(request, [taken, answer, &durable, shard = std::string(request.shard),
                                    rest = request](const OpenResult& result) {
        if (result.status != Status::kOk) return answer(result);
        taken->members.assign(result.members.begin(), result.members.end());
        taken->size = result.size;
        OpenTakeRequest left = rest;
        left.shard = shard;
        left.max = rest.max - static_cast<std::uint32_t>(taken->members.size());
        if (left.max == 0) return answer({.status = Status::kOk});
        const Submit submit = durable.open_take(left, answer);
        if (submit == Submit::kAccepted) return;
        answer({.status = submit == Submit::kGone ? Status::kGone : Status::kUnavailable});
    });
}

}  // namespace streamhost::store
