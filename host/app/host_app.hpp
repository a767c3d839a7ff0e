#pragma once

namespace streamhost::app {

/// The program: parses the command line, then serves until it is told to stop. Exit codes: 0 fine, 1 it could
/// not start or had to be ended, 2 the command line or the configuration is wrong.
[[nodiscard]] int run(int argc, char** argv);

}  // namespace streamhost::app
