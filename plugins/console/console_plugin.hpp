#pragma once

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
    std::string directory_;
    std::vector<Asset> assets_;  // not touched after start(): handlers read it from several workers
    streamhost::HttpRoutes routes_;
};

}  // namespace console
