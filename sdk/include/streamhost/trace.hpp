// Spans as a plugin author uses them.
//
//     Span span = tracer.begin("import", SH_SPAN_INTERNAL, parent);   // nothing while tracing is off
//     span.set("rows", 12);
//     span.end();
//
// List SH_SVC_TRACING among what the plugin uses. A span that is never ended is not told to anybody.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "streamhost/host.hpp"
#include "streamhost/trace_context.hpp"

namespace streamhost {

// Movable; a default one does nothing. One thread at a time, but for context(), which never changes.
class Span {
public:
    Span() = default;
    [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }
    // For children, for those who go on elsewhere, and for lines of the log. nullptr: there is none.
    [[nodiscard]] const TraceContext* context() const noexcept {
        return state_ == nullptr ? nullptr : &state_->context;
    }
    [[nodiscard]] bool is_sampled() const noexcept {
        return state_ != nullptr && state_->context.is_sampled();
    }

    // `name` is a literal. At most kMost of each; a text is cut to kMaxText.
    void set(const char* name, std::string_view text) {
        if (has_room()) state_->attributes.push_back({name, std::string(cut(text)), 0, SH_ATTRIBUTE_TEXT});
    }
    void set(const char* name, std::int64_t number) {
        if (has_room()) state_->attributes.push_back({name, {}, number, SH_ATTRIBUTE_NUMBER});
    }
    void event(const char* name) {
        if (is_sampled() && state_->events.size() < kMost) state_->events.push_back({name, state_->now_ns()});
    }
    void fail(std::string_view why) {
        if (is_sampled()) state_->error = why.empty() ? "failed" : cut(why);
    }
    // It began earlier than its place in the trace was known.
    void began_ago(std::int64_t ms) {
        if (state_ != nullptr && ms > 0) state_->start_ns -= static_cast<std::uint64_t>(ms) * 1'000'000;
    }
    // Hands it over; from then on this is none.
    void end() {
        const std::unique_ptr<State> state = std::move(state_);
        if (state == nullptr || !state->context.is_sampled()) return;
        const std::uint64_t end_ns = state->now_ns();
        static_cast<void>(state->lease.call([&](const sh_tracing& table, void* self) {
            const sh_trace_context context = state->context.raw();
            const auto attributes = raw_attributes(*state);
            const auto events = raw_events(*state);
            sh_span span{};
            span.struct_size = sizeof(span);
            span.kind = state->kind;
            span.context = &context;
            std::copy(state->parent_id.begin(), state->parent_id.end(), span.parent_id);
            span.name = bytes(state->name);
            span.start_ns = state->start_ns;
            span.end_ns = end_ns;
            span.attributes = attributes.data();
            span.attribute_count = static_cast<std::uint32_t>(attributes.size());
            span.events = events.data();
            span.event_count = static_cast<std::uint32_t>(events.size());
            span.error = bytes(state->error);
            table.record(self, &span);
        }));
    }
    // It turned out to be nothing worth telling.
    void drop() noexcept { state_.reset(); }

private:
    friend class Tracer;
    static constexpr std::size_t kMost = 32;
    static constexpr std::size_t kMaxText = 1'024;

    template <typename Duration>
    static std::uint64_t count_ns(Duration time) {
        return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(time).count());
    }
    static std::uint64_t wall_ns() { return count_ns(std::chrono::system_clock::now().time_since_epoch()); }

    struct Attribute {
        const char* name;
        std::string text;
        std::int64_t number;
        std::uint32_t kind;
    };
    struct Event {
        const char* name;
        std::uint64_t at_ns;
    };
    struct State {
        Lease<sh_tracing> lease;
        TraceContext context;
        std::array<std::uint8_t, 8> parent_id{};
        std::string name;
        std::uint32_t kind = SH_SPAN_INTERNAL;
        // Its length is measured by a clock that nobody sets.
        std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
        std::uint64_t begun_ns = wall_ns();
        std::uint64_t start_ns = begun_ns;
        std::vector<Attribute> attributes;
        std::vector<Event> events;
        std::string error;

        [[nodiscard]] std::uint64_t now_ns() const {
            return begun_ns + count_ns(std::chrono::steady_clock::now() - begun);
        }
    };

    explicit Span(std::unique_ptr<State> state) : state_(std::move(state)) {}
    [[nodiscard]] bool has_room() const noexcept { return is_sampled() && state_->attributes.size() < kMost; }
    // Whole code points alone.
    static std::string_view cut(std::string_view text) noexcept {
        if (text.size() <= kMaxText) return text;
        std::size_t size = kMaxText;
        while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0u) == 0x80u)
            --size;
        return text.substr(0, size);
    }
    static std::vector<sh_span_attribute> raw_attributes(const State& state) {
        std::vector<sh_span_attribute> out;
        for (const Attribute& one : state.attributes)
            out.push_back({bytes(one.name), bytes(one.text), one.number, one.kind, 0});
        return out;
    }
    static std::vector<sh_span_event> raw_events(const State& state) {
        std::vector<sh_span_event> out;
        for (const Event& one : state.events)
            out.push_back({bytes(one.name), one.at_ns});
        return out;
    }

    std::unique_ptr<State> state_;
};

// Cheap to copy; a default one is off.
class Tracer {
public:
    Tracer() = default;
    explicit Tracer(const Host& host) : lease_(host.acquire<sh_tracing>(SH_SVC_TRACING)) {}  // [control]

    // Whether somebody takes spans now. [any]
    [[nodiscard]] bool is_on() const {
        return lease_.call([](const sh_tracing&, void*) {}) == SH_OK;
    }
    // Below `parent`, or without one the first of a new trace. One that is not sampled has a context all the
    // same, so that others leave the trace out, too. [any]
    [[nodiscard]] Span begin(std::string_view name, std::uint32_t kind,
                             const TraceContext* parent = nullptr) const {
        std::unique_ptr<Span::State> state;
        static_cast<void>(lease_.call([&](const sh_tracing& table, void* self) {
            state = std::make_unique<Span::State>();
            sh_trace_context out{sizeof(out), 0, {}, {}, {}};
            sh_trace_context above{};
            if (parent != nullptr) above = parent->raw();
            table.begin(self, parent == nullptr ? nullptr : &above, &out, state->parent_id.data());
            state->context = TraceContext::copy(out);
        }));
        if (state == nullptr) return {};
        state->lease = lease_;
        state->name = name;
        state->kind = kind;
        return Span(std::move(state));
    }

private:
    Lease<sh_tracing> lease_;
};

}  // namespace streamhost
