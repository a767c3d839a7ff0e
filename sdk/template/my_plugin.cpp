#include "my_plugin.hpp"

#include "streamhost/json.hpp"

void MyPlugin::configure(const streamhost::Config& config) {
    // The host then makes another instance with the new section and lets this one finish.
    if (has_started_) throw streamhost::Failure(SH_NEEDS_RESTART, "the section is taken at the start");
    path_ = config.string("path", "/my-plugin");
    greeting_ = config.string("greeting", "Hello");
}

void MyPlugin::start() {
    greetings_ = host().counter("greetings_total", "Greetings answered");
    sh_http_route route{};
    route.listeners = SH_LISTENER_PUBLIC;
    route.method = "GET";
    route.path = path_.c_str();
    routes_.add(host(), route, [this](const streamhost::HttpRequest& request) { return greet(request); });
    has_started_ = true;
    host().info("greeting", {{"path", path_}});
}

streamhost::HttpResponse MyPlugin::greet(const streamhost::HttpRequest& /*request*/) const {
    greetings_.add();
    return streamhost::HttpResponse::json(200,
                                          R"({"greeting":)" + streamhost::json_string(greeting_) + "}\n");
}

namespace {

// Checked by the host before configure() is called; defaults show in `streamhost config show`.
constexpr const char* kSchema = R"({
  "type": "object",
  "properties": {
    "path": {"type": "string", "default": "/my-plugin", "pattern": "^/", "description": "Where it answers"},
    "greeting": {"type": "string", "default": "Hello", "maxLength": 200, "description": "What it says"}
  }
})";

}  // namespace

STREAMHOST_PLUGIN(MyPlugin,
                  {.name = "my-plugin", .version = "0.1.0", .summary = "Greets over HTTP", .schema = kSchema})
