#include "app/config_client.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <ostream>
#include <set>
#include <sstream>
#include <stdexcept>

#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Stringifier.h>
#include <Poco/Thread.h>

#include "config/issue.hpp"

namespace streamhost::app {

namespace {

using Poco::JSON::Array;
using Poco::JSON::Object;

constexpr long kLookMs = 200;
constexpr int kLooks = 300;  // a minute

std::string text_of_file(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw std::runtime_error(file + ": cannot be read");
    return {std::istreambuf_iterator<char>(in), {}};
}

using Answer = AdminClient::Answer;

std::string value(const Object& change, const std::string& name) {
    if (change.isNull(name)) return "nothing";
    if (change.get(name).isString()) return config::quote(change.getValue<std::string>(name));
    std::ostringstream out;
    Poco::JSON::Stringifier::stringify(change.get(name), out);
    return out.str();
}

std::string effect(const Object& change) {
    const std::string word = text_of(change, "effect");
    const std::string plugin = text_of(change, "plugin");
    if (word == "at_once") return "at once";
    if (word == "restarts_plugin") return "when " + plugin + " is restarted";
    if (word == "switches_plugin") return "with " + plugin + " being switched";
    return word == "restarts_node" ? "with the next start of the process" : plugin + " does not run";
}

void print_changes(const Object& answer, std::ostream& out) {
    const Array::Ptr changes = answer.getArray("changes");
    if (changes.isNull() || changes->size() == 0) out << "nothing changes\n";
    for (std::size_t index = 0; !changes.isNull() && index < changes->size(); ++index) {
        const Object& change = *changes->getObject(static_cast<unsigned>(index));
        out << "  " << text_of(change, "path") << ": " << value(change, "before") << " -> "
            << value(change, "after") << " (" << effect(change) << "; " << text_of(change, "where") << ")\n";
    }
}

void print_names(const Object& effect, const std::string& name, const char* sentence, std::ostream& out) {
    const Array::Ptr names = effect.getArray(name);
    for (std::size_t index = 0; !names.isNull() && index < names->size(); ++index)
        out << sentence << ": "
            << config::printable(names->getElement<std::string>(static_cast<unsigned>(index))) << "\n";
}

void print_steps(const Object& effect, const std::string& name, const char* sentence, std::ostream& out) {
    const Array::Ptr steps = effect.getArray(name);
    for (std::size_t index = 0; !steps.isNull() && index < steps->size(); ++index) {
        const Object& step = *steps->getObject(static_cast<unsigned>(index));
        out << sentence << ": " << text_of(step, "plugin") << ": " << text_of(step, "because") << "\n";
    }
}

// Which plugins are switched, and what that does to others.
void print_switches(const Object& answer, std::ostream& out) {
    const Object::Ptr sum = answer.getObject("effect");
    if (sum.isNull()) return;
    print_names(*sum, "starts", "starts", out);
    print_names(*sum, "stops", "stops", out);
    print_steps(*sum, "also_stop", "stops as well", out);
    print_steps(*sum, "degrade", "has to do without something", out);
}

void print_effect(const Object& answer, std::ostream& out) {
    const Object::Ptr sum = answer.getObject("effect");
    if (sum.isNull()) return;
    print_names(*sum, "restarts", "needs another instance of", out);
    print_switches(answer, out);
    print_names(*sum, "node", "waits for the next start of the process", out);
    print_names(*sum, "disconnects", "clients reconnect that are connected to", out);
    const auto clients = sum->optValue<Poco::UInt64>("clients", 0);
    if (clients > 0) out << "up to " << clients << " clients reconnect\n";
}

// What was accepted and does not hold yet, once each, with what it waits for.
void print_waiting(const Object& answer, std::ostream& out) {
    const Array::Ptr waiting = answer.getArray("waiting");
    std::set<std::string> lines;
    for (std::size_t index = 0; !waiting.isNull() && index < waiting->size(); ++index) {
        const Object& change = *waiting->getObject(static_cast<unsigned>(index));
        const std::string plugin = text_of(change, "plugin");
        lines.insert(plugin.empty()
                         ? "waits for the next start of the process: " + text_of(change, "path")
                         : "waits until " + plugin +
                               " is restarted (config apply --restart-plugins): " + text_of(change, "path"));
    }
    for (const std::string& line : lines)
        out << line << "\n";
}

// Whoever changes several nodes wants to know which one said it.
void print_node(const Object& answer, std::ostream& out) {
    if (const std::string node = text_of(answer, "node"); !node.empty()) out << "node " << node << ":\n";
}

// A change can take its own way back away: whoever judged the token is off, or judges otherwise.
void print_lost_way(const Answer& answer, std::ostream& err) {
    if (answer.status != 401 && answer.status != 503) return;
    err << "streamhost: the node does not take this token any more (" << answer.status
        << "), so config rollback "
        << "will not either: use a token that it takes now, or put the former file back and send the process "
        << "SIGHUP (systemctl reload streamhost)\n";
}

int print_complaints(const Object& answer, std::ostream& err) {
    print_node(answer, err);
    const Array::Ptr complaints = answer.getArray("complaints");
    for (std::size_t index = 0; !complaints.isNull() && index < complaints->size(); ++index) {
        const Object& complaint = *complaints->getObject(static_cast<unsigned>(index));
        config::Issue issue;
        issue.path = text_of(complaint, "path");
        issue.problem = text_of(complaint, "problem");
        issue.allowed = text_of(complaint, "allowed");
        issue.next_step = text_of(complaint, "next");
        const std::string shown = config::format(issue);
        err << text_of(complaint, "where") << shown.substr(std::min(shown.find(": "), shown.size()));
    }
    err << "streamhost: the node refuses this configuration and goes on with the one that it has\n";
    return 2;
}

// Until plugins have followed, or one has not and the node went back.
int follow(const AdminClient& talk, bool back, std::ostream& out, std::ostream& err) {
    for (int look = 0; look < kLooks; ++look) {
        const Answer answer = talk.ask("GET", "/admin/v1/config");
        const Object::Ptr last = answer.body->getObject("last");
        if (last.isNull()) {
            print_lost_way(answer, err);
            return print_problem(answer, err);
        }
        const std::string state = text_of(*last, "state");
        if (state == "applying") {
            Poco::Thread::sleep(kLookMs);
            continue;
        }
        const bool is_well = state == (back ? "rolled_back" : "applied");
        (is_well ? out : err) << state << (last->has("reason") ? ": " + text_of(*last, "reason") : "")
                              << "\n";
        if (is_well) print_waiting(*answer.body, out);
        return is_well ? 0 : 2;
    }
    err << "streamhost: plugins are still on their way: look at GET /admin/v1/config\n";
    return 1;
}

int change(const AdminAccess& access, const std::string& path, const std::string& body, bool back,
           std::ostream& out, std::ostream& err) {
    const AdminClient talk(access.url, read_token(access.token_file));
    const Answer answer = talk.ask("POST", path, body);
    if (answer.status == 422) {
        const Array::Ptr complaints = answer.body->getArray("complaints");
        if (complaints.isNull() || complaints->size() == 0) err << text_of(*answer.body, "reason") << "\n";
        return print_complaints(*answer.body, err);
    }
    if (answer.status != 200 && answer.status != 202) return print_problem(answer, err);
    print_node(*answer.body, out);
    print_changes(*answer.body, out);
    print_switches(*answer.body, out);
    out << "generation " << answer.body->getValue<Poco::UInt64>("generation") << "\n";
    if (answer.status == 202) return follow(talk, back, out, err);
    out << text_of(*answer.body, "state") << "\n";
    print_waiting(*answer.body, out);
    if (!access.token_file.empty()) print_lost_way(talk.ask("GET", "/admin/v1/config"), err);
    return 0;
}

std::string documents_json(const std::vector<std::string>& files) {
    Array::Ptr documents = new Array;
    for (const std::string& file : files) {
        Object::Ptr document = new Object;
        document->set("name", file);
        document->set("text", text_of_file(file));
        documents->add(document);
    }
    Object body;
    body.set("documents", documents);
    std::ostringstream out;
    body.stringify(out);
    return out.str();
}

}  // namespace

int show_config_diff(const AdminAccess& access, const std::vector<std::string>& files, std::ostream& out,
                     std::ostream& err) {
    return guarded(access.url, err, [&] {
        const AdminClient talk(access.url, read_token(access.token_file));
        const Answer answer = files.empty()
                                  ? talk.ask("GET", "/admin/v1/config/diff")
                                  : talk.ask("POST", "/admin/v1/config/diff", documents_json(files));
        if (answer.status != 200) return print_problem(answer, err);
        if (!answer.body->optValue<bool>("valid", false)) return print_complaints(*answer.body, err);
        print_node(*answer.body, out);
        print_changes(*answer.body, out);
        print_effect(*answer.body, out);
        return 0;
    });
}

int apply_config(const AdminAccess& access, bool restart_plugins, std::ostream& out, std::ostream& err) {
    const std::string body = restart_plugins ? R"({"restart_plugins":true})" : "{}";
    return guarded(access.url, err,
                   [&] { return change(access, "/admin/v1/config", body, false, out, err); });
}

int roll_back_config(const AdminAccess& access, std::ostream& out, std::ostream& err) {
    return guarded(access.url, err,
                   [&] { return change(access, "/admin/v1/config/rollback", "{}", true, out, err); });
}

}  // namespace streamhost::app
