#include "app/drain_client.hpp"

#include <ostream>
#include <string>

#include <Poco/Thread.h>

namespace streamhost::app {

namespace {

using Poco::JSON::Object;

constexpr const char* kPath = "/admin/v1/drain";
constexpr long kLookMs = 500;

std::string progress_text(const Object& drain) {
    return text_of(drain, "state") + ": " + std::to_string(drain.optValue<Poco::UInt64>("websockets", 0)) +
           " clients, " + std::to_string(drain.optValue<Poco::UInt64>("runs", 0)) + " answers under way";
}

bool is_over(const Object& drain) {
    const std::string state = text_of(drain, "state");
    return (state == "drained" || state == "ending") && drain.optValue<Poco::UInt64>("runs", 0) == 0;
}

int follow(const AdminClient& node, AdminClient::Answer answer, std::ostream& out, std::ostream& err) {
    std::string said = progress_text(*answer.body);
    while (answer.status == 200 || answer.status == 202) {
        if (is_over(*answer.body)) return 0;
        Poco::Thread::sleep(kLookMs);
        answer = node.ask("GET", kPath);
        if (const std::string now = progress_text(*answer.body); answer.status == 200 && now != said)
            out << (said = now) << std::endl;  // somebody waits and looks
    }
    return print_problem(answer, err);
}

}  // namespace

int drain_node(const AdminAccess& access, bool wait, std::ostream& out, std::ostream& err) {
    return guarded(access.url, err, [&] {
        const AdminClient node(access.url, read_token(access.token_file));
        AdminClient::Answer answer = node.ask("POST", kPath, "{}");
        if (answer.status != 202) return print_problem(answer, err);
        out << "node " << text_of(*answer.body, "node") << ":\n";
        out << progress_text(*answer.body) << std::endl;
        return wait ? follow(node, std::move(answer), out, err) : 0;
    });
}

}  // namespace streamhost::app
