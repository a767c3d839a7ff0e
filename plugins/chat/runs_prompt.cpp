// From a claimed run to all that its provider has to know.
#include <algorithm>
#include <span>

#include "run.hpp"

namespace chat {

using streamhost::records_of;
using streamhost::view;

namespace {

constexpr std::uint32_t kEntriesPerTurn = 5;  // message, three run states, answer
constexpr std::size_t kContextBytes = 128u << 10;

const Verdict kNotRead{.code = "unavailable", .message = "The conversation could not be read."};

// Of the message that `run` answers; 0: it is not among them.
std::uint64_t seq_of_message(std::span<const sh_record> records, std::string_view run) {
    for (const sh_record& record : records)
        if (record.type == SH_RECORD_MESSAGE && run_of_message(view(record.data)) == run) return record.seq;
    return 0;
}

// The newest messages in front of entry `before`, oldest first.
std::vector<PromptMessage> context_of(std::span<const sh_record> records, std::uint64_t before,
                                      std::size_t most) {
    std::vector<PromptMessage> context;
    std::size_t size = 0;
    for (auto record = records.rbegin(); record != records.rend(); ++record) {
        if (record->type != SH_RECORD_MESSAGE || record->seq >= before) continue;
        auto message = context_message(view(record->data));
        if (!message) continue;
        size += message->content.size();
        if (size > kContextBytes || context.size() >= most) break;
        context.push_back(std::move(*message));
    }
    std::reverse(context.begin(), context.end());
    return context;
}

}  // namespace

void Runs::prepare(const Ref& run) {
    const sh_status status = streamhost::guard(nullptr, [&] { run->prompt = prompt_of(run->job); });
    if (status != SH_OK)
        return fail_run(run, {.code = "bad_request", .message = "The message is unreadable."});
    if (run->head > 0) return read_prefix(run);
    find_message(run);
}

// Parts go back to no provider: it is told that they are there, and what the text around them is.
void Runs::read_prefix(const Ref& run) {
    cache_.snapshot(run->id, [this, run](const sh_result& result) {
        if (result.status != SH_OK) return fail_run(run, kNotRead);
        const sh_status status = streamhost::guard(nullptr, [&] {
            for (const sh_record& record : records_of(result)) {
                if (record.type == SH_RECORD_TEXT) run->prompt.prefix += unescaped(view(record.data));
                if (record.type == SH_RECORD_PART) ++run->prompt.prefix_parts;
            }
        });
        if (status != SH_OK) return fail_run(run, kNotRead);
        find_message(run);
    });
}

void Runs::find_message(const Ref& run) {
    const std::uint64_t span = std::uint64_t{settings_.context_messages} * kEntriesPerTurn;
    if (!run->provider->wants_context() || run->message_seq == 1 || span == 0)
        return act(run, run->machine.prepared());
    if (run->message_seq > 0)
        return read_context(run, run->message_seq > span ? run->message_seq - span : 1, span);
    // A job that was queued again by a node that did not see the message: it is among the newest.
    cache_.tail(run->session, [this, run, span](const sh_result& result) {
        if (result.status != SH_OK) return fail_run(run, kNotRead);
        read_context(run, result.last > 2 * span ? result.last - 2 * span : 1, 2 * span);
    });
}

void Runs::read_context(const Ref& run, std::uint64_t from, std::uint64_t count) {
    cache_.read(run->session, from, static_cast<std::uint32_t>(count), [this, run](const sh_result& result) {
        if (result.status != SH_OK) return fail_run(run, kNotRead);
        const auto records = records_of(result);
        const bool is_again = run->job.remote && !run->job.remote->origin.empty();
        if (run->message_seq == 0)
            run->message_seq = seq_of_message(records, is_again ? run->job.remote->origin : run->id);
        run->prompt.context = context_of(records, run->message_seq, settings_.context_messages);
        act(run, run->machine.prepared());
    });
}

}  // namespace chat
