#pragma once

#include <functional>
#include <memory>
#include <string>

#include "streamhost/abi/config.h"

#include "config/configuration.hpp"

namespace streamhost::app {

/// Calls `use` with a plugin's section as the C table of the contract; it is valid for the call. [control]
void with_section(const std::shared_ptr<const config::Configuration>& configuration,
                  const std::string& plugin, const std::function<void(const sh_config&)>& use);

}  // namespace streamhost::app
