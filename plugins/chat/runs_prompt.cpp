// From a claimed run to all that its provider has to know.
#include <algorithm>

#include "run.hpp"

namespace chat {

using streamhost::view;

namespace {

constexpr std::uint32_t kEntriesPerTurn = 5;  // message, three run states, answer
constexpr std::size_t kContextBytes = 128u << 10;

const Verdict kNotRead{.code = "unavailable", .message = "The conversation could not be read."};

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
        const std::uint32_t count = result.batch == nullptr ? 0 : result.batch->count;
        const sh_status status = streamhost::guard(nullptr, [&] {
            for (std::uint32_t index = 0; index < count; ++index) {
                const sh_record& record = result.batch->records[index];
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
        const std::uint32_t records = result.batch == nullptr ? 0 : result.batch->count;
        const bool is_again = run->job.remote && !run->job.remote->origin.empty();
        const std::string& origin = is_again ? run->job.remote->origin : run->id;
        for (std::uint32_t index = 0; index < records && run->message_seq == 0; ++index) {
            const sh_record& record = result.batch->records[index];
            if (record.type == SH_RECORD_MESSAGE && run_of_message(view(record.data)) == origin)
                run->message_seq = record.seq;
        }
        std::vector<PromptMessage> context;
        std::size_t size = 0;
        for (std::uint32_t left = records; left-- > 0;) {
            const sh_record& record = result.batch->records[left];
            if (record.type != SH_RECORD_MESSAGE || record.seq >= run->message_seq) continue;
            auto message = context_message(view(record.data));
            if (!message) continue;
            size += message->content.size();
            if (size > kContextBytes || context.size() >= settings_.context_messages) break;
            context.push_back(std::move(*message));
        }
        std::reverse(context.begin(), context.end());
        run->prompt.context = std::move(context);
        act(run, run->machine.prepared());
    });
}

}  // namespace chat
