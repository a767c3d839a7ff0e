// The section plugins.chat, as the descriptor declares it.
#pragma once

namespace chat {

inline constexpr const char* kSchema = R"({
  "type": "object",
  "properties": {
    "provider": {"type": "string", "default": "echo", "description": "Who answers, a name under `providers`; a message may choose another with options.provider"},
    "max_pending": {"type": "integer", "default": 1000, "minimum": 1, "maximum": 100000, "description": "Accepted messages that may wait for a thread; further ones are answered with unavailable"},
    "context_messages": {"type": "integer", "default": 20, "minimum": 0, "maximum": 200, "description": "Earlier messages of the session that a provider is given, at most"},
    "stop_margin_ms": {"type": "integer", "default": 2000, "minimum": 0, "maximum": 60000, "x-unit": "ms", "description": "Answers that still run so long before the end of a drain are ended with unavailable"},
    "providers": {
      "type": "object",
      "description": "Providers by name; `echo` is always there",
      "properties": {
        "echo": {
          "type": "object",
          "description": "Streams the content back word by word",
          "properties": {
            "type": {"type": "string", "enum": ["echo"], "default": "echo", "description": "Kind of provider"},
            "delay_ms": {"type": "integer", "default": 20, "minimum": 0, "maximum": 60000, "x-unit": "ms", "description": "Before each word"}
          }
        }
      }
    }
  }
})";

}  // namespace chat
