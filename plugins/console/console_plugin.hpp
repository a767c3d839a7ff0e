#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "streamhost/http.hpp"
#include "streamhost/plugin.hpp"

#include "answer.hpp"
#include "asset.hpp"

namespace console {

class Console : public streamhost::Plugin {
public:
    using Plugin::Plugin;

    void configure(const streamhost::Config& config) override;
    void start() override;

private:
    void serve(std::uint32_t listener, const std::string& path, const Asset& asset);
    void lead_operators_in();

    std::string directory_;
    bool has_chat_page_ = true;
    bool has_operator_page_ = true;
    std::vector<Asset> assets_;  // not touched after start(): handlers read it from several workers
    streamhost::HttpRoutes routes_;
};

}  // namespace console
