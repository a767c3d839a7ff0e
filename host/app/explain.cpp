#include "app/explain.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <ostream>
#include <sstream>

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/Timestamp.h>

#include "streamhost/json_object.hpp"

#include "app/admin_client.hpp"

namespace streamhost::app {

namespace {

using Poco::JSON::Array;
using Poco::JSON::Object;

std::string time_text(const Object& object) {
    const auto at_ms = object.optValue<Poco::Int64>("at_ms", 0);
    return Poco::DateTimeFormatter::format(Poco::Timestamp(at_ms * 1'000), "%Y-%m-%dT%H:%M:%S.%iZ");
}

std::uint64_t number(const Object& object, const std::string& name) {
    return object.optValue<Poco::UInt64>(name, 0);
}

std::vector<Object::Ptr> list(const Object& object, const std::string& name) {
    std::vector<Object::Ptr> out;
    const Array::Ptr array = object.getArray(name);
    for (std::size_t index = 0; !array.isNull() && index < array->size(); ++index)
        if (const Object::Ptr one = array->getObject(static_cast<unsigned>(index)); !one.isNull())
            out.push_back(one);
    return out;
}

const Object* entry_of(const std::vector<NodeTold>& nodes) {
    const auto found =
        std::find_if(nodes.begin(), nodes.end(), [](const NodeTold& node) { return !node.entry.isNull(); });
    return found == nodes.end() ? nullptr : found->entry.get();
}

Object::Ptr claim_of(const std::vector<NodeTold>& nodes) {
    for (const NodeTold& node : nodes)
        if (!node.entry.isNull() && node.entry->isObject("claimed")) return node.entry->getObject("claimed");
    return {};
}

std::string producer_text(const Object& entry, const Object::Ptr& claim) {
    if (number(entry, "fence") == 0)
        return "  a shared stream: the store numbered it; who wrote it is not kept\n";
    const std::string fence = std::to_string(number(entry, "fence"));
    if (claim.isNull())
        return "  written with fence " + fence +
               ", which none of the nodes that were asked remembers to have given\n";
    const std::string node = "node " + text_of(*claim, "node");
    const bool is_own = text_of(*claim, "producer") == "this process";
    return "  written by " + (is_own ? node + " itself" : text_of(*claim, "producer") + " at " + node) +
           ", which holds fence " + fence + " since " + time_text(*claim) + "\n";
}

std::string entry_text(const std::string& stream, std::uint64_t seq, const std::vector<NodeTold>& nodes) {
    const Object* entry = entry_of(nodes);
    std::string head = "stream " + stream + ", entry " + std::to_string(seq);
    if (entry == nullptr) return head + ": no node that was asked has it\n";
    head += " of " + std::to_string(number(*entry, "last")) + " (" + text_of(*entry, "state") + ")\n";
    return head + "  " + text_of(*entry, "type") + ", " + std::to_string(number(*entry, "bytes")) +
           " bytes, check " + text_of(*entry, "check") + ", appended " + time_text(*entry) +
           " by the store's clock\n" + producer_text(*entry, claim_of(nodes));
}

std::string live_text(const Object& reader, bool is_in_log) {
    const std::string state = text_of(reader, "state");
    const bool has = is_in_log && state == "live";
    return "  connection " + text_of(reader, "connection") + ": " + state +
           (has ? ", was given the entry; its socket takes it as fast as the client reads\n"
                : ", has not been given all that the node has\n");
}

std::string gone_text(const Object& reader, std::uint64_t seq) {
    const std::uint64_t sent = number(reader, "seq");
    return "  connection " + text_of(reader, "connection") + ": got everything to " + std::to_string(sent) +
           " by " + time_text(reader) + (sent >= seq ? "\n" : ", not this entry\n");
}

std::string node_text(const NodeTold& node, std::uint64_t seq) {
    if (node.readers.isNull()) {
        const bool has_route = node.entry.isNull() || node.readers_problem.rfind("404", 0) != 0;
        if (!has_route)
            return "node at " + node.url + ": no client reads there: the plugin recovery does not run\n";
        const std::string why = node.readers_problem.empty() ? node.entry_problem : node.readers_problem;
        return "node at " + node.url + ": not known: " + why + "\n";
    }
    const Object& told = *node.readers;
    const std::uint64_t last = number(told, "last");
    const bool is_in_log = last >= seq;
    std::string out = "node " + text_of(told, "node") + " at " + node.url + ": ";
    const auto live = list(told, "readers");
    const auto gone = list(told, "finished");
    if (live.empty())
        out += gone.empty() ? "no reader that it knows of\n" : "nobody reads the stream there now\n";
    else
        out += (is_in_log ? "had it: it stands at " : "has not got it yet: it stands at ") +
               std::to_string(last) + "\n";
    for (const Object::Ptr& reader : live)
        out += live_text(*reader, is_in_log);
    for (const Object::Ptr& reader : gone)
        out += gone_text(*reader, seq);
    return out;
}

constexpr const char* kUnknown =
    "not known: nodes that were not asked; readers that went away before the stream ended; what a node saw "
    "before its plugins last started, or beyond its last 10000 claims and 10000 finished readers\n";

std::string stringified(const Object::Ptr& object) {
    std::ostringstream out;
    object->stringify(out);
    return out.str();
}

// What `path` answers goes to `body`, or why not to `problem`.
void ask(const AdminClient& client, const std::string& path, Object::Ptr& body, std::string& problem) {
    try {
        const AdminClient::Answer answer = client.ask("GET", path);
        if (answer.status == 200)
            body = answer.body;
        else
            problem = std::to_string(answer.status) + ": " + text_of(*answer.body, "detail");
    } catch (const Poco::Exception& error) {
        problem = error.displayText();
    } catch (const std::exception& error) {
        problem = error.what();
    }
}

}  // namespace

std::string explanation_text(const std::string& stream, std::uint64_t seq,
                             const std::vector<NodeTold>& nodes) {
    std::string out = entry_text(stream, seq, nodes);
    for (const NodeTold& node : nodes)
        out += node_text(node, seq);
    return out + kUnknown;
}

std::string explanation_json(const std::string& stream, std::uint64_t seq,
                             const std::vector<NodeTold>& nodes) {
    std::string told = "[";
    for (const NodeTold& node : nodes) {
        JsonObject one;
        one.text("url", node.url);
        one.json_if("entry", node.entry.isNull() ? std::string() : stringified(node.entry));
        one.text_if("entry_problem", node.entry_problem);
        one.json_if("readers", node.readers.isNull() ? std::string() : stringified(node.readers));
        one.text_if("readers_problem", node.readers_problem);
        told += (told.size() > 1 ? "," : "") + one.done();
    }
    return JsonObject()
               .text("stream", stream)
               .number("seq", seq)
               .boolean("found", entry_of(nodes) != nullptr)
               .json("nodes", told + "]")
               .done() +
           "\n";
}

int explain(const ExplainOptions& options, std::ostream& out, std::ostream& err) {
    std::vector<NodeTold> nodes;
    try {
        const std::string token = read_token(options.token_file);
        for (const std::string& url : options.urls) {
            const AdminClient client(url, token);
            NodeTold& told = nodes.emplace_back(NodeTold{.url = url, .entry = {}, .readers = {}});
            ask(client, "/admin/v1/entries/" + options.stream + "/" + std::to_string(options.seq), told.entry,
                told.entry_problem);
            ask(client, "/admin/v1/readers/" + options.stream, told.readers, told.readers_problem);
        }
    } catch (const std::exception& error) {
        err << "streamhost: " << error.what() << "\n";
        return 1;
    }
    out << (options.as_json ? explanation_json : explanation_text)(options.stream, options.seq, nodes);
    for (const NodeTold& node : nodes)
        if (!node.entry_problem.empty())
            err << "streamhost: " << node.url << ": " << node.entry_problem << "\n";
    return entry_of(nodes) == nullptr ? 1 : 0;
}

}  // namespace streamhost::app
