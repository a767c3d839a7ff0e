#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "streamhost/abi/ext/service.h"

#include "bridge/http_job.hpp"

namespace streamhost::app {

struct AdminLockOptions {
    bool needs_token = false;
    bool open_metrics = false;  ///< GET /metrics, too, is open to all
};

/// The problem: whoever reaches the admin listener reads the configuration, closes sessions and stops
/// plugins.
///
/// With `listeners.admin.authentication: required` a call needs a token that a plugin accepts and that grants
/// admin in the area of the call: `metrics`, `view` (GET and HEAD) or `change` (all else). Health is open to
/// all: probes carry no token. So are the files of the operators' page, which has to be there before somebody
/// can type a token into it. Without anybody who can judge tokens nothing else is answered.
class AdminLock {
public:
    /// `auth` is the lease of svc/auth.h.
    AdminLock(const sh_lease* auth, AdminLockOptions options) : auth_(auth), options_(options) {}

    [[nodiscard]] bool needs_token() const noexcept { return options_.needs_token; }
    /// The answer to a call that may not be made; nothing for one that may. `user` becomes who calls.
    /// [worker]
    [[nodiscard]] std::optional<bridge::HttpAnswer> refusal(const bridge::HttpQuestion& question,
                                                            std::string& user) const;
    /// What whoever asks may do here, as JSON, so that a page need not offer what would be refused; 401 and
    /// 503 as refusal(). [worker]
    [[nodiscard]] bridge::HttpAnswer access(const bridge::HttpQuestion& question) const;

private:
    const sh_lease* auth_;
    AdminLockOptions options_;
};

/// The area that a token must grant; empty: open to all. Pure.
[[nodiscard]] std::string_view admin_area(std::string_view method, std::string_view path);

}  // namespace streamhost::app
