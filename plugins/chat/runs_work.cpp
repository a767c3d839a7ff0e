// The worker's side: one thread per answer. It may block; everything it finds out goes to the store loop.
#include <chrono>

#include "run.hpp"

namespace chat {

namespace {

const Verdict kFailed{.code = "internal", .message = "The provider failed."};
constexpr std::chrono::milliseconds kPostAgain{10};

// Why the stream takes no more, as the reader hears it.
Verdict verdict_of(sh_status status) {
    if (status == SH_FULL || status == SH_TOO_LARGE)
        return {.code = "too_large",
                .message = "The answer is longer than a run may be: " + std::to_string(SH_RUN_MAX_ENTRIES) +
                           " entries and " + std::to_string(SH_RUN_MAX_BYTES >> 20) + " MiB."};
    return kNotStored;
}

// Of the end: entries before it were refused, so that the answer is not complete, whatever its provider says.
// Who is fenced, or has no answer, finds out.
bool is_refusal(sh_status status) {
    return status != SH_OK && status != SH_ENDED && status != SH_FENCED && !streamhost::is_transient(status);
}

}  // namespace

sh_status Runs::Run::write(const sh_item& item, bool wants_answer) {
    if (!wants_answer) return runs.cache_.write(id, fence, item);
    return runs.cache_.write(id, fence, item, [self = shared_from_this()](const sh_result& result) {
        // These two are the refusal of this very write, not the store's answer to it.
        if (result.status != SH_BUSY && result.status != SH_UNAVAILABLE) self->writer.answered();
    });
}

void Runs::work(const Ref& run) {
    const Verdict verdict = produce(run);
    hand_in(run, verdict);
    to_store([this] {
        --workers_;
        pump();
    });
}

Verdict Runs::produce(const Ref& run) {
    Verdict verdict = kFailed;
    sh_error error{};
    streamhost::Span call = begin_call(run);
    const sh_status status = streamhost::guard(
        &error, [&] { verdict = run->provider->produce(run->prompt, run->writer, run->stop); });
    if (status != SH_OK) {
        host_.error("provider threw",
                    {{"provider", run->provider_name}, {"run", run->id}, {"what", error.text}},
                    call.context());
        verdict = kFailed;
    }
    if (!verdict.complete()) call.set("error.type", verdict.code);
    if (!verdict.complete()) call.fail(verdict.message);
    call.end();
    return verdict;
}

void Runs::hand_in(const Ref& run, const Verdict& verdict) {
    if (run->stop.stopped()) return;  // whoever stopped it stores the end
    if (!run->writer.flush()) {
        const sh_status over = run->writer.over();
        if (over == SH_CANCELLED) return;
        if (over == SH_ENDED) return to_store([this, run] { act(run, run->machine.ended_elsewhere()); });
        if (over == SH_FENCED) return to_store([this, run] { find_out(run); });
        return to_store([this, run, over] { fail_run(run, verdict_of(over)); });
    }
    if (!verdict.complete()) {
        telemetry_.provider_error(run->provider_name, verdict.code);
        host_.warn("provider failed",
                   {{"provider", run->provider_name}, {"run", run->id}, {"code", verdict.code}},
                   run->span.context());
    }
    const std::string end = end_of(verdict);
    const auto queued = [run, end, entries = run->writer.entries()] {
        if (run->machine.phase() != Phase::producing) return;
        run->span.set("streamhost.entries", static_cast<std::int64_t>(entries));
        run->end = end;
        run->machine.end_queued();
    };
    to_store(queued);
    cache_.write_end(run->id, run->fence, end, [this, run, queued](const sh_result& result) {
        queued();  // where the store loop had no room to hear it first
        if (run->machine.phase() == Phase::ending && is_refusal(result.status)) {
            const Verdict refused = verdict_of(result.status);
            tell_failure(run, refused);
            run->end = end_of(refused);
        }
        act(run, run->machine.end_written(result.status));
    });
}

// It was ended on another node, or has a newer producer, or the streamcache forgot this one: an end with our
// fence finds out. Only when that is taken something failed.
void Runs::find_out(const Ref& run) {
    if (run->machine.phase() >= Phase::ending) return;
    run->is_in_doubt = true;
    end_with(run, kNotStored);
}

void Runs::fail_run(const Ref& run, const Verdict& verdict) {
    if (run->machine.phase() >= Phase::ending) return;
    tell_failure(run, verdict);
    end_with(run, verdict);
}

void Runs::tell_failure(const Ref& run, const Verdict& verdict) {
    telemetry_.provider_error(run->provider_name, verdict.code);
    host_.warn("run ends with an error",
               {{"provider", run->provider_name},
                {"run", run->id},
                {"code", verdict.code},
                {"what", verdict.message}},
               run->span.context());
}

void Runs::end_with(const Ref& run, const Verdict& verdict) {
    run->end = end_of(verdict);
    run->stop.stop(StopReason::over);
    act(run, run->machine.end_now());
}

// The store loop refuses work only when it is far behind; a thread of its own may wait for that, bounded, and
// what is refused even then is done by the next tick.
void Runs::to_store(std::function<void()> body) {
    const StopSignal none;
    for (int attempt = 0; attempt < 500; ++attempt) {
        const sh_status status = host_.post(SH_ON_STORE, body);
        if (status != SH_BUSY) return;
        if (host_.current() != SH_ON_LONG) break;
        (void)none.wait_for(kPostAgain);
    }
    const std::lock_guard lock(owed_mutex_);
    owed_.push_back(std::move(body));
}

// Dropped, a run would stay open for ever. At most a few for each of the runs, which are bounded.
void Runs::do_owed() {
    std::vector<std::function<void()>> owed;
    {
        const std::lock_guard lock(owed_mutex_);
        owed.swap(owed_);
    }
    for (const auto& body : owed)
        body();
}

void Runs::first_token(const Ref& run) {
    telemetry_.first_token(static_cast<double>(host_.monotonic_ms() - run->accepted_ms) / 1'000);
    to_store([this, run] {
        run->span.event("first_token");
        if (run->machine.phase() != Phase::producing) return;
        cache_.publish(run->session, run->id + ":active", SH_RECORD_RUN, run_state(run->id, "active"),
                       [](const sh_result&) {});
    });
}

}  // namespace chat
