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
    "worker": {
      "type": "object",
      "description": "Produces the runs of remote providers, of this node and of others",
      "properties": {
        "enabled": {"type": "boolean", "default": false, "description": "Take runs from the queue"},
        "queue": {"type": "string", "default": "runs", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9_.-]+$", "description": "Which queue"},
        "max_runs": {"type": "integer", "default": 64, "minimum": 1, "maximum": 10000, "description": "Answers of the queue that this node produces at once"},
        "name": {"type": "string", "default": "", "maxLength": 128, "pattern": "^[A-Za-z0-9_.:-]*$", "description": "Who takes, among the workers of the queue; empty: the node's id"},
        "provider": {"type": "string", "default": "", "description": "Who produces them, a name under `providers`, not of type remote; empty: the plugin's provider"}
      }
    },
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
      },
      "additionalProperties": {
        "type": "object",
        "properties": {
          "type": {"type": "string", "enum": ["echo", "openai", "remote"], "default": "echo", "description": "Kind of provider"},
          "queue": {"type": "string", "default": "runs", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9_.-]+$", "description": "remote: where workers take its runs from"},
          "policy": {"type": "string", "enum": ["continue", "restart", "fail"], "default": "fail", "description": "remote: what happens when the worker that produces an answer dies: the next one goes on behind what readers have, a new run answers the message, or the answer ends with lost"},
          "max_deliveries": {"type": "integer", "default": 3, "minimum": 1, "maximum": 100, "description": "remote: workers that may try one message"},
          "wait_ms": {"type": "integer", "default": 60000, "minimum": 100, "maximum": 3600000, "x-unit": "ms", "description": "remote: how long a run may wait for a worker before it ends with unavailable"},
          "delay_ms": {"type": "integer", "minimum": 0, "maximum": 60000, "x-unit": "ms", "description": "echo: before each word"},
          "base_url": {"type": "string", "maxLength": 2048, "description": "openai: what comes before /chat/completions, for example https://api.openai.com/v1"},
          "api_key": {"type": "string", "x-secret": true, "description": "openai: sent as bearer token; empty: none"},
          "model": {"type": "string", "maxLength": 256, "description": "openai: name of the model"},
          "system_prompt": {"type": "string", "maxLength": 65536, "description": "openai: first message of every request; empty: none"},
          "connect_timeout_ms": {"type": "integer", "default": 5000, "minimum": 10, "maximum": 60000, "x-unit": "ms", "description": "openai: for a connection"},
          "first_byte_timeout_ms": {"type": "integer", "default": 30000, "minimum": 10, "maximum": 600000, "x-unit": "ms", "description": "openai: from the request to the head of the answer"},
          "idle_timeout_ms": {"type": "integer", "default": 30000, "minimum": 10, "maximum": 600000, "x-unit": "ms", "description": "openai: silence in the middle of an answer"},
          "total_timeout_ms": {"type": "integer", "default": 600000, "minimum": 100, "maximum": 3600000, "x-unit": "ms", "description": "openai: for a whole answer, attempts included"},
          "attempts": {"type": "integer", "default": 3, "minimum": 1, "maximum": 10, "description": "openai: how often a request is made that fails before its first token with 429, 5xx or without a connection"},
          "ca_file": {"type": "string", "maxLength": 4096, "description": "openai: PEM file of certificates to trust besides the system's"},
          "verify_tls": {"type": "boolean", "default": true, "description": "openai: check the server's certificate and name"}
        }
      }
    }
  }
})";

}  // namespace chat
