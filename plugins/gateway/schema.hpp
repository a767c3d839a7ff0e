// The section plugins.gateway, as the descriptor declares it.
#pragma once

namespace gateway {

inline constexpr const char* kSchema = R"({
  "type": "object",
  "properties": {
    "path": {"type": "string", "default": "/v1/ws", "pattern": "^/", "description": "Where the protocol is spoken over WebSocket"},
    "allowed_origins": {"type": "array", "items": {"type": "string", "minLength": 1}, "default": [], "description": "Origins of web pages that may connect beside those of this host itself, such as https://example.com; * for all. Where no token is asked for, pages of this host are those of localhost and of loopback addresses"},
    "authentication": {"type": "string", "enum": ["none", "required"], "default": "none", "description": "required: a hello needs a token that a plugin such as auth accepts, and nobody is welcomed while there is none. none: everybody is anonymous"},
    "token_cookie": {"type": "string", "default": "", "maxLength": 64, "pattern": "^[A-Za-z0-9_.-]*$", "description": "Name of a cookie that may bring the token, from pages of allowed origins alone; empty: none may"},
    "heartbeat_ms": {"type": "integer", "default": 25000, "minimum": 1000, "maximum": 600000, "x-unit": "ms", "description": "A ping each; two periods without a frame of the client close with 4001"},
    "hello_timeout_ms": {"type": "integer", "default": 10000, "minimum": 100, "maximum": 60000, "x-unit": "ms", "description": "By then the client has said hello, or is closed with 4400"},
    "service_timeout_ms": {"type": "integer", "default": 5000, "minimum": 100, "maximum": 60000, "x-unit": "ms", "description": "After that a request is answered with timeout"},
    "max_streams": {"type": "integer", "default": 100, "minimum": 1, "maximum": 10000, "description": "Streams that one connection may subscribe to beside its session's, and name in `resume`"},
    "max_pending": {"type": "integer", "default": 64, "minimum": 1, "maximum": 1024, "description": "Requests of one connection without an answer; over it the socket is not read"}
  }
})";

}  // namespace gateway
