// What this plugin does today: it greets over HTTP, and counts how often. Put your own in its place.
#pragma once

#include <string>

#include "streamhost/http.hpp"
#include "streamhost/plugin.hpp"

class MyPlugin : public streamhost::Plugin {
public:
    using streamhost::Plugin::Plugin;

    void configure(const streamhost::Config& config) override;
    void start() override;

private:
    // Workers call it, several at once: what it reads does not change after start().
    [[nodiscard]] streamhost::HttpResponse greet(const streamhost::HttpRequest& request) const;

    std::string path_;
    std::string greeting_;
    streamhost::Metric greetings_;
    streamhost::HttpRoutes routes_;
    bool has_started_ = false;
};
