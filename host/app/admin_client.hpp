#pragma once

#include <functional>
#include <iosfwd>
#include <string>

#include <Poco/JSON/Object.h>

#include "app/http_target.hpp"

namespace streamhost::app {

/// Where a running node is asked, and as whom.
struct AdminAccess {
    std::string url = "http://127.0.0.1:8091";  ///< of its admin listener
    std::string token_file = {};                ///< its first line is a token; empty: none is sent
};

/// Asks the admin listener of a running node. [any] Blocks, ten seconds for an answer at the most.
class AdminClient {
public:
    struct Answer {
        int status = 0;
        Poco::JSON::Object::Ptr body;
    };

    /// Throws Poco::SyntaxException for an address that is none. Without a token none is sent.
    AdminClient(const std::string& url, std::string token);

    /// Throws Poco::Exception when nobody is there, std::runtime_error when it is no admin listener.
    [[nodiscard]] Answer ask(const std::string& method, const std::string& path,
                             const std::string& body = {}) const;

private:
    const HttpTarget target_;
    const std::string token_;
};

/// The first line of a file, or of the standard input where it is "-"; empty for no file. Throws
/// std::runtime_error.
[[nodiscard]] std::string read_token(const std::string& file);

/// A text of an answer; what came over a network is not written to a terminal raw.
[[nodiscard]] std::string text_of(const Poco::JSON::Object& object, const std::string& name);

/// Says why the node did not do it. Answers 1, the exit code.
int print_problem(const AdminClient::Answer& answer, std::ostream& err);
/// What `body` answers; 1 and why in `err` when it throws.
int guarded(const std::string& url, std::ostream& err, const std::function<int()>& body);

}  // namespace streamhost::app
