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
            complaints_ +=
                (complaints_.empty() ? "" : "\n") + ("listeners." + name) + ".address: " + error.message();
        }
    }
    void finish() const {
        if (!complaints_.empty()) throw std::runtime_error(complaints_);
    }

private:
    std::string complaints_;
};

}  // namespace streamhost::app
