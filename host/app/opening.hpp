#pragma once

#include <stdexcept>
#include <string>

#include <Poco/Exception.h>

namespace streamhost::app {

/// Names the key that leads to the address: that is what its reader can mend. All of them at once.
class Opening {
public:
    template <typename Open>
    void listener(const std::string& name, const Open& open) {
        try {
            open();
        } catch (const Poco::Exception& error) {
            complain("listeners." + name + ".address: " + error.message());
        }
    }
    void complain(const std::string& what) { complaints_ += (complaints_.empty() ? "" : "\n") + what; }
    [[nodiscard]] bool failed() const noexcept { return !complaints_.empty(); }
    void finish() const {
        if (!complaints_.empty()) throw std::runtime_error(complaints_);
    }

private:
    std::string complaints_;
};

}  // namespace streamhost::app
