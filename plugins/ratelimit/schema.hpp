// The section plugins.ratelimit, as the descriptor declares it.
#pragma once

namespace ratelimit {

inline constexpr const char* kSchema = R"({
  "type": "object",
  "x-reload": "live",
  "properties": {
    "limits": {
      "type": "array",
      "description": "How often somebody may do something: a bucket for each owner, of which each call takes; it takes from all that apply, or from none. At most 32",
      "default": [
        {"by": "address", "verbs": ["connect", "hello"], "rate": "20/second", "burst": 200},
        {"by": "session", "verbs": ["read"], "rate": "50/second", "burst": 500},
        {"by": "user", "verbs": ["send"], "rate": "5/second", "burst": 50},
        {"by": "address", "verbs": ["admin"], "rate": "50/second", "burst": 200}
      ],
      "items": {
        "type": "object",
        "required": ["by", "rate", "burst"],
        "properties": {
          "by": {"type": "string", "enum": ["address", "user", "session", "node"], "description": "Whose bucket; node: one for everybody"},
          "verbs": {"type": "array", "description": "What takes from it; empty: everything", "items": {"type": "string", "enum": ["connect", "hello", "read", "send", "produce", "admin"]}},
          "rate": {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?/(second|minute|hour)$", "maxLength": 32, "description": "What comes back into the bucket: 10/second, 0.5/second, 600/minute, 100/hour"},
          "burst": {"type": "integer", "minimum": 1, "maximum": 1000000, "description": "What the bucket holds, and so what may be done at once; comes back within a day"},
          "scope": {"type": "string", "enum": ["local", "global"], "default": "local", "description": "local: each node counts for itself; global: all nodes together, through the store"}
        }
      }
    },
    "connections": {
      "type": "object",
      "description": "Connections of this node at one time; 0: no limit",
      "properties": {
        "per_address": {"type": "integer", "default": 1000, "minimum": 0, "maximum": 10000000, "description": "Of one address, or of one prefix"},
        "per_user": {"type": "integer", "default": 200, "minimum": 0, "maximum": 10000000, "description": "Of one user"},
        "node": {"type": "integer", "default": 0, "minimum": 0, "maximum": 10000000, "description": "Of all together"},
        "retry_after_ms": {"type": "integer", "default": 5000, "minimum": 100, "maximum": 3600000, "x-unit": "ms", "description": "What those are told who find no room"}
      }
    },
    "prefixes": {
      "type": "object",
      "x-reload": "plugin",
      "description": "How many bits of an address say whose it is; what changes here needs a new instance",
      "properties": {
        "ipv4": {"type": "integer", "default": 32, "minimum": 8, "maximum": 32, "description": "Of IPv4"},
        "ipv6": {"type": "integer", "default": 64, "minimum": 16, "maximum": 128, "description": "Of IPv6; one customer has a /64 at the least"}
      }
    },
    "exempt": {
      "type": "object",
      "description": "Who is never limited",
      "properties": {
        "addresses": {"type": "array", "default": [], "description": "Addresses and networks, such as 10.0.0.0/8", "items": {"type": "string", "minLength": 2, "maxLength": 64}},
        "users": {"type": "array", "default": [], "description": "Users", "items": {"type": "string", "minLength": 1, "maxLength": 256}}
      }
    },
    "max_buckets": {"type": "integer", "default": 100000, "minimum": 1000, "maximum": 5000000, "x-reload": "plugin", "description": "Buckets that this node remembers, about 150 bytes each; over it the fullest are forgotten first. What changes here needs a new instance"}
  }
})";

}  // namespace ratelimit
