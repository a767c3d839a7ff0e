#include "app/admin_config.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include "streamhost/json_object.hpp"

#include "app/admin_paths.hpp"
#include "app/node.hpp"
#include "config/emit.hpp"
#include "observe/log_line.hpp"

namespace streamhost::app {

namespace {

using bridge::HttpAnswer;
using bridge::problem;
using streamhost::JsonObject;
using Result = ConfigAnswer::Result;

HttpAnswer json(std::uint32_t status, std::string body) {
    return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

std::string event_json(const ConfigEvent& event) {
    return JsonObject()
        .text("state", event.state)
        .text("by", event.by)
        .text_if("reason", event.reason)
        .number("at_ms", event.at_ms)
        .done();
}

// to_json() with origins is {"configuration":...,"origins":...}: the same members, and ours.
std::string page_json(const ConfigBook::Page& page) {
    std::string shown = config::to_json(page.running->root(), {.origins = true});
    shown.pop_back();
    return shown + "," +
           JsonObject()
               .number("generation", page.generation)
               .json("waiting", to_json(as_entries(page.waiting)))
               .boolean("matches_files", page.matches_files)
               .boolean("can_roll_back", page.can_roll_back)
               .json("last", event_json(page.last))
               .done()
               .substr(1);
}

std::string complaints_json(const config::Issues& issues) {
    return json_array(issues, [](const config::Issue& issue) {
        return JsonObject()
            .text("where", issue.where.text())
            .text_if("path", issue.path)
            .text("problem", observe::valid_utf8(issue.problem))
            .text_if("allowed", observe::valid_utf8(issue.allowed))
            .text_if("next", observe::valid_utf8(issue.next_step))
            .done();
    });
}

std::string_view word_of(Result result) {
    switch (result) {
    case Result::kApplied: return "applied";
    case Result::kUnderWay: return "applying";
    case Result::kUnchanged: return "unchanged";
    case Result::kRefused: return "refused";
    case Result::kConflict: break;
    }
    return "conflict";
}

JsonObject plan_json(const std::string& node, const ConfigAnswer& answer, std::uint64_t websockets) {
    JsonObject out;
    out.text("node", node)
        .number("generation", answer.page->generation)
        .json("changes", to_json(answer.plan.changes))
        .json("effect", summary_json(answer.plan, websockets));
    return out;
}

/// The body of a call; an empty one is {}.
struct Body {
    ConfigOrder order;
    std::vector<config::Document> documents;
};

std::vector<config::Document> read_documents(const Poco::JSON::Array& list) {
    std::vector<config::Document> documents;
    for (const Poco::Dynamic::Var& item : list) {
        const auto document = item.extract<Poco::JSON::Object::Ptr>();
        documents.push_back(
            {document->getValue<std::string>("name"), document->getValue<std::string>("text")});
    }
    return documents;
}

// Nothing for a key that does not exist: a typing error must not change anything.
std::optional<Body> read_body(const std::string& text, bool takes_documents) {
    Body body;
    if (text.empty()) return body;
    try {
        const auto parsed = Poco::JSON::Parser().parse(text).extract<Poco::JSON::Object::Ptr>();
        for (const auto& [name, value] : *parsed) {
            if (takes_documents && name == "documents") {
                body.documents = read_documents(*value.extract<Poco::JSON::Array::Ptr>());
            } else if (!takes_documents && name == "restart_plugins" && value.isBoolean()) {
                body.order.restart_plugins = value.convert<bool>();
            } else if (!takes_documents && name == "if_generation" && value.isInteger()) {
                body.order.if_generation = value.convert<std::uint64_t>();
            } else {
                return std::nullopt;
            }
        }
        return body;
    } catch (const Poco::Exception&) {
        return std::nullopt;
    }
}

class Call {
public:
    Call(Node& node, const std::string& user)
        : node_(node), by_(user.empty() ? "the admin API" : "the admin API, " + user) {}

    HttpAnswer show() const { return json(200, page_json(*node_.config_book().page())); }

    HttpAnswer compare(const std::string& text) const {
        const auto body = read_body(text, true);
        if (!body)
            return problem(400, R"(The body is {"documents": [{"name": "...", "text": "..."}]}, or nothing)");
        const auto answer =
            ask([documents = body->documents](Node& node) { return node.compare_config(documents); });
        if (answer == nullptr) return busy();
        if (answer->result == Result::kRefused) return json(200, refused_json(*answer, false));
        return json(
            200,
            plan_json(id(), *answer, websockets()).boolean("valid", true).json("complaints", "[]").done());
    }

    HttpAnswer change(const std::string& text, bool back) const {
        auto body = read_body(text, false);
        if (!body)
            return problem(
                400, R"(The body is {"restart_plugins": true or false, "if_generation": 3}, or nothing)");
        body->order.by = by_;
        if (back) body->order.restart_plugins = true;
        const auto answer = ask([order = body->order, back](Node& node) {
            return back ? node.roll_back_config(order) : node.take_files(order);
        });
        if (answer == nullptr) return busy();
        if (answer->result == Result::kConflict) return problem(409, answer->reason);
        if (answer->result == Result::kRefused) return json(422, refused_json(*answer, true));
        return json(answer->result == Result::kUnderWay ? 202 : 200,
                    plan_json(id(), *answer, websockets())
                        .text("state", word_of(answer->result))
                        .json("waiting", to_json(as_entries(answer->page->waiting)))
                        .done());
    }

private:
    static HttpAnswer busy() {
        return problem(503, "The control thread is busy: GET /admin/v1/config says what has become of it");
    }

    std::string refused_json(const ConfigAnswer& answer, bool is_order) const {
        JsonObject out;
        out.text("node", id()).number("generation", answer.page->generation);
        if (is_order) out.text("state", "refused").text("reason", observe::valid_utf8(answer.reason));
        return out.boolean("valid", false).json("complaints", complaints_json(answer.errors)).done();
    }

    const std::string& id() const { return node_.house().node_id; }
    std::uint64_t websockets() const { return node_.house().transport->counters().websockets.load(); }

    // The control thread may come to it after nobody waits any more.
    std::shared_ptr<const ConfigAnswer> ask(std::function<ConfigAnswer(Node&)> what) const {
        auto answer = std::make_shared<ConfigAnswer>();
        Node& node = node_;
        const bool ran = node.on_control([&node, answer, held = std::move(what)] { *answer = held(node); });
        return ran ? answer : nullptr;
    }

    Node& node_;
    const std::string by_;
};

}  // namespace

HttpAnswer answer_config_call(Node& node, const bridge::HttpQuestion& question, const std::string& user) {
    const Call call(node, user);
    const std::string_view what = std::string_view(question.path).substr(kConfigPath.size());
    const bool is_post = question.method == "POST";
    const bool reads = question.method == "GET" || question.method == "HEAD";
    if (what.empty() && reads) return call.show();
    if (what == "/diff" && (reads || is_post)) return call.compare(question.body);
    if (what.empty() && is_post) return call.change(question.body, false);
    if (what == "/rollback" && is_post) return call.change(question.body, true);
    if (what.empty() || what == "/diff" || what == "/rollback")
        return problem(405, "GET and POST " + std::string(kConfigPath) + " and /diff, POST /rollback");
    return problem(404, "Nothing answers at " + question.path);
}

}  // namespace streamhost::app
