// Glue: one route per file of the pages.
#include "console_plugin.hpp"

#include <algorithm>
#include <iterator>

namespace console {
namespace {

// Of the chat page, and the operators' page has them too, on a listener where nothing else of that page is.
constexpr std::string_view kShared[] = {"/app/sign_in.js", "/app/theme.js",      "/app/token.js",
                                        "/base.css",       "/fonts/inter.woff2", "/icon.svg"};
constexpr const char* kOperators = "/console";

bool is_shared(const Asset& asset) {
    return std::find(std::begin(kShared), std::end(kShared), asset.path) != std::end(kShared);
}

}  // namespace

void Console::configure(const streamhost::Config& config) {
    directory_ = config.string("directory");
    has_chat_page_ = config.boolean("chat_page", true);
    has_operator_page_ = config.boolean("operator_page", true);
}

void Console::start() {
    std::vector<Asset> own;
    if (!directory_.empty()) own = read_assets(directory_);
    assets_ = overlay(built_in_assets(), std::move(own));
    for (const Asset& asset : assets_) {
        const bool is_operators = is_for_operators(asset);
        if (has_chat_page_ && !is_operators) serve(SH_LISTENER_PUBLIC, asset.path, asset);
        if (has_operator_page_ && is_operators) serve(SH_LISTENER_ADMIN, asset.path, asset);
        if (has_operator_page_ && is_shared(asset)) serve(SH_LISTENER_ADMIN, kOperators + asset.path, asset);
    }
    if (has_operator_page_) lead_operators_in();
    host().debug("console serves its pages",
                 {{"files", std::to_string(assets_.size())}, {"directory", directory_}});
}

// A path of its own for each file, not a prefix: the host's router knows every path there is, so what is no
// file ends there with 404, and another method with 405.
void Console::serve(std::uint32_t listener, const std::string& path, const Asset& asset) {
    sh_http_route route{};
    route.listeners = listener;
    route.method = "GET";
    route.path = path.c_str();
    routes_.add(host(), route, [&asset](const streamhost::HttpRequest& request) {
        return answer(asset, request.header("If-None-Match"));
    });
}

// Without its slash the address is no folder, and what the page names beside itself would not be found.
void Console::lead_operators_in() {
    sh_http_route route{};
    route.listeners = SH_LISTENER_ADMIN;
    route.method = "GET";
    route.path = kOperators;
    routes_.add(host(), route, [](const streamhost::HttpRequest&) {
        return streamhost::HttpResponse{308, {{"Location", std::string(kOperators) + "/"}}, ""};
    });
}

namespace {

constexpr const char* kSchema = R"({
  "type": "object",
  "properties": {
    "chat_page": {"type": "boolean", "default": true,
      "description": "The chat page, at / of the public listener"},
    "operator_page": {"type": "boolean", "default": true,
      "description": "The page for operators, at /console/ of the admin listener"},
    "directory": {"type": "string", "default": "", "maxLength": 4096,
      "description": "A folder, read at the start, whose files go before the built-in ones; empty: none"}
  }
})";

}  // namespace
}  // namespace console

STREAMHOST_PLUGIN(console::Console, {.name = "console",
                                     .version = "1.0.0",
                                     .summary = "The chat page, and the page for operators",
                                     .schema = console::kSchema})
