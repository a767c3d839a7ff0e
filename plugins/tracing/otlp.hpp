// Spans as OTLP has them (opentelemetry/proto/trace/v1/trace.proto and collector/trace/v1, protocol 1.x). A
// span is encoded once, when it ends; a request is spans laid side by side. Pure. [any]
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "streamhost/abi/svc/tracing.h"

namespace tracing {

using Attributes = std::vector<std::pair<std::string, std::string>>;

// A message Span.
[[nodiscard]] std::string encode_span(const sh_span& span);
// A message Resource: who made the spans.
[[nodiscard]] std::string encode_resource(const Attributes& attributes);
// An ExportTraceServiceRequest. `resource` and `spans` are encoded already.
[[nodiscard]] std::string encode_request(std::string_view resource, std::string_view scope_version,
                                         std::span<const std::string> spans);

// Of an ExportTraceServiceResponse: how many spans it says were refused, and why.
struct PartialSuccess {
    std::uint64_t rejected = 0;
    std::string why;
};
[[nodiscard]] PartialSuccess read_response(std::string_view body);

}  // namespace tracing
