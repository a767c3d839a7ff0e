// The section plugins.tracing, as the descriptor declares it.
#pragma once

namespace tracing {

inline constexpr const char* kSchema = R"({
  "type": "object",
  "properties": {
    "endpoint": {"type": "string", "default": "http://127.0.0.1:4318/v1/traces", "minLength": 8, "maxLength": 2048, "description": "Where spans go: a collector that takes OTLP over HTTP, as protobuf; without a path /v1/traces is meant"},
    "headers_file": {"type": "string", "default": "", "maxLength": 4096, "description": "File of headers to send along, a line \"name: value\" for each, such as Authorization; is read again before each request. Empty: none"},
    "ca_file": {"type": "string", "default": "", "maxLength": 4096, "description": "PEM file of certificates to trust besides the system's"},
    "verify_tls": {"type": "boolean", "default": true, "description": "Check the collector's certificate and name"},
    "service_name": {"type": "string", "default": "streamhost", "minLength": 1, "maxLength": 255, "description": "service.name of this node's spans"},
    "resource_attributes": {"type": "array", "default": [], "description": "What else is said of this node, such as deployment.environment.name=production", "items": {"type": "string", "minLength": 3, "maxLength": 512}},
    "sample_ratio": {"type": "number", "default": 1, "minimum": 0, "maximum": 1, "description": "Which part of the traces that begin here is kept; one that a caller began is kept when the caller keeps it"},
    "follow_clients": {"type": "boolean", "default": true, "description": "Go on with the traces of clients; off: what clients say of a trace is ignored, so that they cannot decide what is kept"},
    "queue_size": {"type": "integer", "default": 2048, "minimum": 1, "maximum": 1000000, "description": "Spans that may wait, about 1 KiB each; those that come then are dropped and counted"},
    "batch_size": {"type": "integer", "default": 512, "minimum": 1, "maximum": 10000, "description": "Spans of one request, at most"},
    "interval_ms": {"type": "integer", "default": 5000, "minimum": 10, "maximum": 600000, "x-unit": "ms", "description": "How long a span waits for others, at most"},
    "timeout_ms": {"type": "integer", "default": 10000, "minimum": 10, "maximum": 600000, "x-unit": "ms", "description": "For one request"},
    "retry_for_ms": {"type": "integer", "default": 60000, "minimum": 0, "maximum": 3600000, "x-unit": "ms", "description": "How long a batch is tried that the collector does not take now; Retry-After counts"},
    "flush_timeout_ms": {"type": "integer", "default": 5000, "minimum": 0, "maximum": 60000, "x-unit": "ms", "description": "How long a stop waits for what is left, at most"}
  }
})";

}  // namespace tracing
