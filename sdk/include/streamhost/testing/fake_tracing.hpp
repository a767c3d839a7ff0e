// A tracer for unit tests: offers SH_SVC_TRACING on a FakeHost and keeps the spans that end.
//
//     FakeTracing tracing(fake);
//     ... tracing.spans.at(0).name ...
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "streamhost/testing/fake_host.hpp"
#include "streamhost/trace.hpp"

namespace streamhost::testing {

struct KeptSpan {
    std::string name;
    std::uint32_t kind = 0;
    TraceContext context;
    std::string parent_id;  // in hexadecimal digits; zeroes: none
    std::map<std::string, std::string> attributes;
    std::vector<std::string> events;
    std::string error;
    std::uint64_t length_ns = 0;
};

// Span ids count from 1; a trace that begins here has the id of its first span. What has a parent is sampled
// as that is, the rest as `is_sampled` says.
class FakeTracing {
public:
    explicit FakeTracing(FakeHost& host) : host_(host) { host.offer(SH_SVC_TRACING, &kTable, this); }
    // Spans may still end while the plugin is taken down.
    ~FakeTracing() { withdraw(); }
    FakeTracing(const FakeTracing&) = delete;
    FakeTracing& operator=(const FakeTracing&) = delete;
    void withdraw() { host_.withdraw(SH_SVC_TRACING); }

    [[nodiscard]] std::vector<KeptSpan> named(const std::string& name) const {
        std::vector<KeptSpan> out;
        std::copy_if(spans.begin(), spans.end(), std::back_inserter(out),
                     [&](const KeptSpan& span) { return span.name == name; });
        return out;
    }

    std::vector<KeptSpan> spans;
    bool is_sampled = true;

private:
    static void begin(void* self, const sh_trace_context* parent, sh_trace_context* out,
                      std::uint8_t parent_id[8]) noexcept {
        auto& tracing = *static_cast<FakeTracing*>(self);
        std::fill_n(out->span_id, 8, std::uint8_t{0});
        out->span_id[7] = ++tracing.last_;
        std::fill_n(parent_id, 8, std::uint8_t{0});
        std::fill_n(out->trace_id, 16, std::uint8_t{0});
        out->trace_id[15] = tracing.last_;
        out->flags = tracing.is_sampled ? SH_TRACE_SAMPLED : 0;
        if (parent == nullptr) return;
        std::copy_n(parent->trace_id, 16, out->trace_id);
        std::copy_n(parent->span_id, 8, parent_id);
        out->flags = parent->flags & SH_TRACE_SAMPLED;
        out->state = parent->state;
    }
    static void record(void* self, const sh_span* span) noexcept {
        KeptSpan kept;
        kept.name = view(span->name);
        kept.kind = span->kind;
        kept.context = TraceContext::copy(*span->context);
        std::array<std::uint8_t, 8> parent{};
        std::copy(std::begin(span->parent_id), std::end(span->parent_id), parent.begin());
        kept.parent_id = hex_of(parent);
        for (std::uint32_t index = 0; index < span->attribute_count; ++index) {
            const sh_span_attribute& one = span->attributes[index];
            kept.attributes[std::string(view(one.name))] =
                one.kind == SH_ATTRIBUTE_TEXT ? std::string(view(one.text)) : std::to_string(one.number);
        }
        for (std::uint32_t index = 0; index < span->event_count; ++index)
            kept.events.emplace_back(view(span->events[index].name));
        kept.error = view(span->error);
        kept.length_ns = span->end_ns - span->start_ns;
        static_cast<FakeTracing*>(self)->spans.push_back(std::move(kept));
    }
    static constexpr sh_tracing kTable = {sizeof(sh_tracing), 0, &FakeTracing::begin, &FakeTracing::record};

    FakeHost& host_;
    std::uint8_t last_ = 0;
};

}  // namespace streamhost::testing
