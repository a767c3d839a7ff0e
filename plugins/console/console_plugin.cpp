// Glue: one route per file of the page.
#include "console_plugin.hpp"

namespace console {

void Console::configure(const streamhost::Config& config) { directory_ = config.string("directory"); }

void Console::start() {
    std::vector<Asset> own;
    if (!directory_.empty()) own = read_assets(directory_);
    assets_ = overlay(built_in_assets(), std::move(own));
    // A path of its own for each file, not a prefix: the host's router knows every path there is, so what is
    // no file ends there with 404, and another method with 405.
    for (const Asset& asset : assets_) {
        sh_http_route route{};
        route.listeners = SH_LISTENER_PUBLIC;
        route.method = "GET";
        route.path = asset.path.c_str();
        routes_.add(host(), route, [&asset](const streamhost::HttpRequest& request) {
            return answer(asset, request.header("If-None-Match"));
        });
    }
    host().debug("console serves the page",
                 {{"files", std::to_string(assets_.size())}, {"directory", directory_}});
}

namespace {

constexpr const char* kSchema = R"({
  "type": "object",
  "properties": {
    "directory": {"type": "string", "default": "", "maxLength": 4096,
      "description": "A folder, read at the start, whose files go before the built-in ones; empty: none"}
  }
})";

}  // namespace
}  // namespace console

STREAMHOST_PLUGIN(console::Console, {.name = "console",
                                     .version = "1.0.0",
                                     .summary = "The chat page",
                                     .schema = console::kSchema})
