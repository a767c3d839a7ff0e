// The section plugins.auth, as the descriptor declares it.
#pragma once

namespace auth {

inline constexpr const char* kSchema = R"({
  "type": "object",
  "x-reload": "live",
  "properties": {
    "keys": {"type": "array", "default": [], "description": "Keys that tokens are signed with; several at once while one follows another",
      "items": {
        "type": "object",
        "required": ["id", "algorithm"],
        "properties": {
          "id": {"type": "string", "minLength": 1, "maxLength": 256, "description": "What tokens name as kid"},
          "algorithm": {"type": "string", "enum": ["HS256", "RS256", "ES256"], "description": "The only one that this key is used with"},
          "secret_file": {"type": "string", "minLength": 1, "description": "HS256: a file of at least 32 bytes; line ends at its end do not count"},
          "public_key_file": {"type": "string", "minLength": 1, "description": "RS256 (from 2048 bits), ES256 (P-256): a public key in PEM"}
        }
      }},
    "jwks_file": {"type": "string", "default": "", "description": "A JSON Web Key Set; keys of it that serve something else are passed over"},
    "issuer": {"type": "string", "default": "", "description": "The iss that a token must have; empty: any"},
    "audiences": {"type": "array", "items": {"type": "string", "minLength": 1}, "default": [], "description": "One of these must be in a token's aud; empty: any"},
    "require_expiry": {"type": "boolean", "default": true, "description": "Refuse tokens without exp"},
    "leeway_ms": {"type": "integer", "default": 30000, "minimum": 0, "maximum": 300000, "x-unit": "ms", "description": "By how much clocks may differ at exp, nbf and iat"},
    "max_token_age_ms": {"type": "integer", "default": 0, "minimum": 0, "maximum": 2592000000, "x-unit": "ms", "description": "Since iat, which tokens need then; 0: no limit"},
    "grants_claim": {"type": "string", "default": "grants", "minLength": 1, "description": "The claim that grants stand in: an array of strings, or words in one string"},
    "default_grants": {"type": "array", "items": {"type": "string", "minLength": 1}, "default": ["read:@own", "send:@own"], "description": "For tokens without that claim"},
    "revocation": {"type": "string", "default": "required", "enum": ["best_effort", "required"], "description": "required: before the list of revocations was read once, nobody is let in. best_effort: they are, and who was revoked is among them until then"},
    "revocation_keep_ms": {"type": "integer", "default": 86400000, "minimum": 60000, "maximum": 2592000000, "x-unit": "ms", "description": "How long a revocation is remembered; at least as long as tokens live, and not used when max_token_age_ms is set"},
    "cache_entries": {"type": "integer", "default": 10000, "minimum": 0, "maximum": 1000000, "x-reload": "plugin", "description": "Tokens that were found good and are answered at once"},
    "queue": {"type": "integer", "default": 1024, "minimum": 1, "maximum": 100000, "x-reload": "plugin", "description": "Tokens that may wait to be looked at; over it the answer is busy"},
    "dev_tokens": {
      "type": "object",
      "x-reload": "plugin",
      "default": {},
      "description": "Tokens for anybody who asks: never where others can reach the node",
      "properties": {
        "enabled": {"type": "boolean", "default": false, "description": "POST /v1/dev-token gives a token for any user and any grants"},
        "secret_file": {"type": "string", "default": "", "description": "What they are signed with, for several nodes; empty: a secret of this process"}
      }
    }
  }
})";

}  // namespace auth
