#include "app/drain_call.hpp"

#include <sstream>

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

namespace streamhost::app {

namespace {

const char* name_of(const std::optional<Drain::State>& state) {
    if (!state) return "serving";
    switch (*state) {
    case Drain::State::waiting: return "waiting";
    case Drain::State::sending_away: return "sending_away";
    case Drain::State::drained: return "drained";
    case Drain::State::ending: return "ending";
    }
    return "serving";
}

double per_second(const DrainView& view) {
    const auto clients = static_cast<double>(view.websockets_at_start);
    return view.window_ms == 0 ? clients : clients * 1e3 / view.window_ms;
}

}  // namespace

std::optional<Leave> parse_drain_order(const std::string& body) {
    if (body.empty()) return Leave::clients;
    try {
        const auto parsed = Poco::JSON::Parser().parse(body).extract<Poco::JSON::Object::Ptr>();
        if (parsed->size() == 0) return Leave::clients;
        if (parsed->size() != 1 || !parsed->has("exit") || !parsed->get("exit").isBoolean())
            return std::nullopt;
        return parsed->getValue<bool>("exit") ? Leave::process : Leave::clients;
    } catch (const Poco::Exception&) {
        return std::nullopt;
    }
}

std::string to_json(const std::string& node, const DrainView& view, std::optional<std::uint64_t> runs) {
    Poco::JSON::Object out(Poco::JSON_PRESERVE_KEY_ORDER);
    out.set("node", node);
    out.set("state", std::string(name_of(view.state)));
    out.set("exit", view.is_ending);
    out.set("elapsed_ms", view.elapsed_ms);
    out.set("clients_ms", view.clients_ms);
    out.set("websockets", view.websockets);
    out.set("websockets_at_start", view.websockets_at_start);
    out.set("per_second", per_second(view));
    out.set("runs", runs ? Poco::Dynamic::Var(*runs) : Poco::Dynamic::Var());
    std::ostringstream text;
    out.stringify(text);
    return text.str();
}

}  // namespace streamhost::app
