// Keeps the authenticator's keys to what the files hold, and says so when they hold nothing good.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "streamhost/host.hpp"

#include "authenticator.hpp"
#include "key_files.hpp"
#include "telemetry.hpp"

namespace auth {

class KeyKeeper {
public:
    // `own` are keys that stand in no file.
    KeyKeeper(streamhost::Host& host, Authenticator& authenticator, const Telemetry& telemetry,
              std::vector<KeyPtr> own);
    KeyKeeper(const KeyKeeper&) = delete;
    KeyKeeper& operator=(const KeyKeeper&) = delete;

    // All of this plan, or throws Failure(SH_INVALID) and the former stays. [control]
    void use(const KeyPlan& plan);
    // A change of the files is taken, or the last good keys stay. Reads all of them. [worker]
    void look();

private:
    void take(const KeyPlan& plan, const KeyFiles::Look& look);  // with mutex_
    void tell(const std::string& trouble);                       // with mutex_

    streamhost::Host& host_;
    Authenticator& authenticator_;
    const Telemetry& telemetry_;
    const std::vector<KeyPtr> own_;
    std::mutex mutex_;
    KeyPlan plan_;  // guarded by mutex_, like all below
    KeyFiles files_;
    KeyMarks marks_;
    std::string trouble_;  // as health was told
};

}  // namespace auth
