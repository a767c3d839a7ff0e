#include "telemetry.hpp"

#include <string>

namespace auth {

Telemetry::Telemetry(const streamhost::Host& host)
    : keys(host.gauge("auth_keys", "Keys that tokens are verified with")),
      key_failures(host.counter("auth_key_failures_total", "Changes of key files that could not be taken")),
      cached(host.gauge("auth_cached_tokens", "Tokens that are answered at once")),
      revocations(host.gauge("auth_revocations", "Users and tokens that were revoked")),
      revocation_failures(
          host.counter("auth_revocation_failures_total", "Reads of the shared revocations that failed")),
      unknown_grants(host.counter("auth_unknown_grants_total", "Grants in tokens that say nothing here")),
      outliving(host.counter("auth_outliving_tokens_total",
                             "Tokens that live longer than a revocation is remembered")),
      dev_tokens(host.gauge("auth_dev_tokens", "1 while development tokens are given to anybody")),
      dev_tokens_given(host.counter("auth_dev_tokens_given_total", "Development tokens that were given")) {
    for (const Verdict verdict : kVerdicts)
        results[static_cast<std::size_t>(verdict)] = host.counter(
            "auth_total", "Tokens that were looked at", {{"result", std::string(label_of(verdict)).c_str()}});
}

}  // namespace auth
