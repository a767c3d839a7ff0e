#include "app/admin_server.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <sstream>

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/ThreadPool.h>
#include <Poco/Timestamp.h>
#include <Poco/URI.h>

#include "streamhost/abi/svc/auth.h"
#include "streamhost/abi/svc/chat.h"
#include "streamhost/service.hpp"

#include "app/admin_config.hpp"
#include "app/admin_lock.hpp"
#include "app/admin_meter.hpp"
#include "app/admin_paths.hpp"
#include "app/admin_socket.hpp"
#include "app/contradictions.hpp"
#include "app/drain_call.hpp"
#include "app/exposure.hpp"
#include "app/node.hpp"
#include "bridge/http_job.hpp"
#include "net/http_reply.hpp"
#include "observe/logging.hpp"
#include "runtime/role.hpp"

namespace streamhost::app {

using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;

namespace {

using bridge::problem;

constexpr std::uint32_t kMaxBody = 1U << 20U;
constexpr AdminSocketLimits kLimits{.request_bytes = kMaxBody + (64U << 10U)};
// A connection has a thread until its limits end it: as many slow ones as that, and others wait for the first
// of them to be ended.
constexpr int kMaxThreads = 32;
constexpr int kMaxWaiting = 64;
// A thread without work looks so often whether it was told to stop: Poco's dispatcher can tell it just before
// it falls asleep, and not again. Its own 10 s would outlast the time that a process has for its end.
constexpr Poco::Int64 kLookMs = 250;

bridge::HttpAnswer json_answer(std::uint32_t status, const Poco::Dynamic::Var& value) {
    std::ostringstream text;
    Poco::JSON::Stringifier::condense(value, text);
    return {status, {{"Content-Type", "application/json"}}, text.str()};
}

Poco::JSON::Array names(const std::vector<std::string>& list) {
    Poco::JSON::Array out;
    for (const std::string& name : list)
        out.add(name);
    return out;
}

Poco::JSON::Object::Ptr to_json(const control::PluginView& plugin) {
    Poco::JSON::Object::Ptr out = new Poco::JSON::Object(Poco::JSON_PRESERVE_KEY_ORDER);
    out->set("name", plugin.name);
    out->set("version", plugin.version);
    out->set("summary", plugin.summary);
    out->set("enabled", plugin.wanted);
    out->set("state", std::string(control::to_string(plugin.state)));
    out->set("reason", plugin.reason);
    out->set("generation", plugin.generation);
    out->set("faults", plugin.faults);
    out->set("required_by", names(plugin.required_by));
    out->set("used_by", names(plugin.used_by));
    return out;
}

// Answers that are produced here; nothing when no plugin tells.
std::optional<std::uint64_t> active_runs(const sh_lease* lease) {
    const void* table = nullptr;
    void* self = nullptr;
    if (control::ServiceRegistry::enter(lease, &table, &self) != SH_OK) return std::nullopt;
    const auto& chat = *static_cast<const sh_chat*>(table);
    std::optional<std::uint64_t> active;
    if (has(chat, chat.active)) active = chat.active(self);
    control::ServiceRegistry::leave(lease);
    return active;
}

struct Order {
    bool enabled = false;
    bool dry_run = false;
    bool replace = false;
    bool restart = false;
};

// Nothing for what is not one of the two forms, a key that does not exist included: a typing error must not
// switch anything.
std::optional<Order> parse_order(const std::string& body) {
    Order order;
    const std::map<std::string, bool*> keys = {{"enabled", &order.enabled},
                                               {"dry_run", &order.dry_run},
                                               {"replace", &order.replace},
                                               {"restart", &order.restart}};
    try {
        const auto parsed = Poco::JSON::Parser().parse(body).extract<Poco::JSON::Object::Ptr>();
        for (const auto& [name, value] : *parsed) {
            const auto known = keys.find(name);
            if (known == keys.end() || !value.isBoolean()) return std::nullopt;
            *known->second = value.convert<bool>();
        }
        const bool is_toggle = parsed->has("enabled") && !parsed->has("replace") && !parsed->has("restart");
        const bool is_single = parsed->size() == 1 && (order.replace || order.restart);
        return is_toggle || is_single ? std::optional(order) : std::nullopt;
    } catch (const Poco::Exception&) {
        return std::nullopt;
    }
}

// Beside what a plan itself refuses: what changes of the configuration are refused for, too. [control]
std::string why_not_toggled(Node& node, const std::string& name, bool enable) {
    const auto running = node.settings();
    std::string exposed = why_not_switched(*running, name, enable);
    if (enable || !exposed.empty()) return exposed;
    const control::TogglePlan plan = node.supervisor().plan(name, enable);
    const auto shut = why_admin_is_shut(*running->configuration, plan_nodes(node.supervisor().list(), plan),
                                        running->admin_lock.needs_token);
    return shut ? config::one_line(*shut) : std::string();
}

// A browser sends simple requests of any page to any address and says in Origin which page it was.
bool is_foreign_page(const HTTPServerRequest& request) {
    const std::string origin = request.get("Origin", "");
    const std::size_t scheme = origin.find("://");
    return !origin.empty() &&
           (scheme == std::string::npos || origin.substr(scheme + 3) != request.get("Host", ""));
}

// Nothing, or why the body is not what its sender meant. A stream swallows what its socket throws, and what
// was read by then must not pass for an order.
std::optional<bridge::HttpAnswer> read_body(HTTPServerRequest& request, std::string& out) {
    if (request.getChunkedTransferEncoding()) return problem(411, "Send the body with a Content-Length");
    const Poco::Int64 length = request.hasContentLength() ? request.getContentLength64() : 0;
    if (length > kMaxBody) return problem(413, "The body is larger than 1 MiB");
    if (length <= 0) return std::nullopt;  // Poco would read to the end of the connection
    std::istream& body = request.stream();
    char buffer[4096];
    while (body.read(buffer, sizeof(buffer)) || body.gcount() > 0)
        out.append(buffer, static_cast<std::size_t>(body.gcount()));
    if (body.bad()) return problem(408, "The request did not arrive in time");
    if (static_cast<Poco::Int64>(out.size()) != length)
        return problem(400, "The body ended before its Content-Length");
    return std::nullopt;
}

/// One request, on a thread of Poco's pool.
class Handler final : public Poco::Net::HTTPRequestHandler {
public:
    Handler(Node& node, const AdminLock& lock, const AdminMeter& meter, const sh_lease* chat)
        : node_(node), lock_(lock), meter_(meter), chat_(chat) {}

    void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override {
        const runtime::RoleScope role(runtime::Role::worker_short);
        const bridge::HttpQuestion question = question_of(request);
        const bridge::HttpAnswer answer = serve(request, question);
        if (!is_counted_) count(question, answer.status);
        response.setStatus(static_cast<HTTPServerResponse::HTTPStatus>(answer.status));
        response.setReason(std::string(net::reason_phrase(static_cast<std::uint16_t>(answer.status))));
        for (const auto& [name, value] : answer.headers)
            response.set(name, value);
        // What is answered here is of this moment.
        const std::string cached(net::kKeptByNoCache.name);
        if (!response.has(cached)) response.set(cached, std::string(net::kKeptByNoCache.value));
        response.setDate(Poco::Timestamp());
        const auto policy = node_.settings()->transport.limits.server.http;
        for (const auto& [name, value] : policy->headers)
            if (!response.has(name)) response.set(name, value);
        if (request.getMethod() == "HEAD") {
            response.setContentLength64(static_cast<Poco::Int64>(answer.body.size()));
            response.send();
            return;
        }
        response.sendBuffer(answer.body.data(), answer.body.size());
    }

private:
    static bridge::HttpQuestion question_of(const HTTPServerRequest& request) {
        bridge::HttpQuestion question;
        question.listener = SH_LISTENER_ADMIN;
        question.method = request.getMethod();
        const std::string& target = request.getURI();
        question.path = target.substr(0, target.find('?'));
        if (question.path.size() < target.size()) question.query = target.substr(question.path.size() + 1);
        question.peer = request.clientAddress().toString();
        for (const auto& [name, value] : request)
            question.headers.emplace_back(name, value);
        return question;
    }

    // What no route's handler answered: the host's own calls, and what was refused before.
    void count(const bridge::HttpQuestion& question, std::uint32_t status) {
        int ignored = 0;
        if (const auto route = node_.house().transport->find_admin(question.method, question.path, ignored))
            return route->meter.answered(node_.house().metrics, route->pattern(), status);
        meter_.answered(node_.house().metrics, question.path, status);
    }

    bridge::HttpAnswer serve(HTTPServerRequest& request, bridge::HttpQuestion question) {
        const std::string address = node_.settings()->admin_address;
        // A page cannot know a token; without one only names that nobody else gives away are answered.
        if (!lock_.needs_token() && !is_own_host(request.get("Host", ""), address))
            return problem(403, "The Host of this request is no name of this listener: ask for it as " +
                                    address + ", localhost or a loopback address");
        if (is_foreign_page(request)) return problem(403, "Pages of other hosts may not use this listener");
        if (question.path == kAccessPath && question.method == "GET") return lock_.access(question);
        std::string user;
        if (auto refused = lock_.refusal(question, user)) return note(question, user, *std::move(refused));
        if (auto refused = read_body(request, question.body)) return *std::move(refused);
        return note(question, user, answer_to(question, user));
    }

    // Who changed what, or tried to; what is only read is not worth a line.
    bridge::HttpAnswer note(const bridge::HttpQuestion& question, const std::string& user,
                            bridge::HttpAnswer answer) {
        if (question.method == "GET" || question.method == "HEAD") return answer;
        const std::string who = user.empty() ? "-" : user;
        const std::string status = std::to_string(answer.status);
        std::vector<observe::Field> fields = {{"method", question.method},
                                              {"path", question.path},
                                              {"peer", question.peer},
                                              {"user", who},
                                              {"status", status}};
        if (asks_for_plan(question)) fields.emplace_back("dry_run", true);
        audit_.write(observe::LogLevel::info, "admin call", fields);
        return answer;
    }

    // It changes nothing, whatever is answered.
    static bool asks_for_plan(const bridge::HttpQuestion& question) {
        if (!question.path.starts_with(kPluginsPath)) return false;
        const auto order = parse_order(question.body);
        return order && order->dry_run;
    }

    bridge::HttpAnswer answer_to(const bridge::HttpQuestion& question, const std::string& user) {
        if (question.path.starts_with(kPluginsPath)) return plugins(question);
        if (question.path.starts_with(kConfigPath)) return answer_config_call(node_, question, user);
        if (question.path == kDrainPath) return drain(question);
        if (question.path == kNodePath && question.method == "GET") {
            return {200, {{"Content-Type", "application/json"}}, node_.report()};
        }
        int status = 404;
        const auto route = node_.house().transport->find_admin(question.method, question.path, status);
        // What answered here may have stopped already: whoever probes must not take that for another node.
        if (route == nullptr && node_.house().phase.load() >= SH_NODE_DRAINING)
            return problem(503, "The node is stopping");
        if (route == nullptr)
            return problem(static_cast<std::uint16_t>(status), "Nothing answers at " + question.path);
        is_counted_ = true;
        return bridge::run_handler(node_.house(), *route, question);
    }

    bridge::HttpAnswer plugins(const bridge::HttpQuestion& question) {
        if (question.path == kPluginsPath && question.method == "GET") {
            Poco::JSON::Array list;
            for (const control::PluginView& plugin : node_.plugins())
                list.add(to_json(plugin));
            return json_answer(200, list);
        }
        if (question.path.starts_with(std::string(kPluginsPath) + "/") && question.method == "POST")
            return change(question.path.substr(kPluginsPath.size() + 1), question.body);
        return problem(405, "GET " + std::string(kPluginsPath) + " lists, POST " + std::string(kPluginsPath) +
                                "/NAME changes one");
    }

    bridge::HttpAnswer drain(const bridge::HttpQuestion& question) {
        if (question.method != "GET" && question.method != "POST")
            return problem(405,
                           "GET tells how far the drain is, POST begins it. It cannot be taken back, since "
                           "clients were told to go: end the process and start it anew");
        if (question.method == "POST") {
            const auto what = parse_drain_order(question.body);
            if (!what)
                return problem(400, "The body is empty, or {\"exit\": true} to end the process afterwards");
            Node& node = node_;
            if (!node_.on_control([&node, what] { node.leave(*what); }))
                return problem(503, "The control thread is busy; try again");
        }
        return {question.method == "POST" ? 202U : 200U,
                {{"Content-Type", "application/json"}},
                to_json(node_.house().node_id, node_.drain_view(), active_runs(chat_))};
    }

    bridge::HttpAnswer change(const std::string& name, const std::string& body) {
        const auto order = parse_order(body);
        if (!order) {
            return problem(
                400,
                "The body is {\"enabled\": true or false}, with \"dry_run\": true for the plan alone, "
                "or {\"replace\": true} to start the plugin's new file in place of the running one");
        }
        Node& node = node_;
        auto done = std::make_shared<control::TogglePlan>();
        const bool ran = node_.on_control([&node, done, name, order] {
            if (order->replace) {
                done->refused = node.supervisor().roll_out(name);
            } else if (order->restart) {
                done->refused = node.supervisor().restart(name);
            } else if (done->refused = why_not_toggled(node, name, order->enabled); done->refused.empty()) {
                *done = order->dry_run ? node.supervisor().plan(name, order->enabled)
                                       : node.supervisor().toggle(name, order->enabled);
            }
        });
        if (!ran) return problem(503, "The control thread is busy; try again");
        if (!done->refused.empty()) return problem(409, done->refused);
        Poco::JSON::Object::Ptr out = new Poco::JSON::Object(Poco::JSON_PRESERVE_KEY_ORDER);
        const bool is_single = order->replace || order->restart;
        out->set("plan", is_single ? "starts " + name + " anew beside the running one" : done->text());
        out->set("dry_run", order->dry_run);
        return json_answer(order->dry_run ? 200 : 202, out);
    }

    Node& node_;
    const AdminLock& lock_;
    const AdminMeter& meter_;
    const sh_lease* chat_;
    const observe::Log audit_{"audit"};
    bool is_counted_ = false;  // by the route that answered
};

class Factory final : public Poco::Net::HTTPRequestHandlerFactory {
public:
    explicit Factory(Node& node)
        : node_(node),
          lock_(node.house().services.of_host(SH_SVC_AUTH), node.settings()->admin_lock),
          chat_(node.house().services.of_host(SH_SVC_CHAT)) {}
    Poco::Net::HTTPRequestHandler* createRequestHandler(const HTTPServerRequest&) override {
        return new Handler(node_, lock_, meter_, chat_);
    }

private:
    Node& node_;
    const AdminLock lock_;
    const AdminMeter meter_;
    const sh_lease* chat_;
};

}  // namespace

struct AdminServer::Parts {
    explicit Parts(const net::ListenSocket& listening) : socket(listening, kLimits) {}

    Poco::ThreadPool threads{"admin", 1, kMaxThreads, 60};
    AdminSocket socket;
    std::unique_ptr<Poco::Net::HTTPServer> server;
};

AdminServer::AdminServer(Node& node, const net::ListenSocket& socket)
    : parts_(std::make_unique<Parts>(socket)) {
    Poco::Net::HTTPServerParams::Ptr params = new Poco::Net::HTTPServerParams;
    params->setKeepAlive(false);  // a connection that rests would keep a thread
    params->setTimeout(Poco::Timespan(Poco::Int64{kLimits.request_ms} * 1'000));
    params->setMaxQueued(kMaxWaiting);
    params->setMaxThreads(kMaxThreads);
    params->setThreadIdleTime(Poco::Timespan(kLookMs * 1'000));
    parts_->server =
        std::make_unique<Poco::Net::HTTPServer>(new Factory(node), parts_->threads, parts_->socket, params);
}

AdminServer::~AdminServer() {
    if (!close()) closing_.wait();
}

bool AdminServer::close() {
    if (!closing_.valid()) {
        closing_ = std::async(std::launch::async, [&parts = *parts_] {
            parts.server->stopAll(false);
            parts.threads.joinAll();
        });
    }
    return closing_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

void AdminServer::start() { parts_->server->start(); }

void AdminServer::stop_accepting() noexcept { parts_->socket.stop_accepting(); }

}  // namespace streamhost::app
