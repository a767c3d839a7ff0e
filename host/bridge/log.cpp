#include <algorithm>
#include <vector>

#include "bridge/extensions.hpp"
#include "bridge/house.hpp"

namespace streamhost::bridge {

namespace {

observe::LogLevel level_of(std::uint32_t level) {
    return static_cast<observe::LogLevel>(std::clamp<std::uint32_t>(level, SH_LOG_DEBUG, SH_LOG_ERROR));
}

std::uint8_t enabled(const sh_host* host, std::uint32_t level) {
    return house_of(host).log_of(control::Instance::of(host)).enabled(level_of(level)) ? 1 : 0;
}

void write(const sh_host* host, std::uint32_t level, sh_bytes message, const sh_log_field* fields,
           std::uint32_t count) {
    std::vector<observe::Field> list;
    list.reserve(count);
    for (std::uint32_t index = 0; index < count; ++index)
        list.emplace_back(fields[index].name, view(fields[index].value));
    house_of(host).log_of(control::Instance::of(host)).write(level_of(level), view(message), list);
}

}  // namespace

const sh_log_ext& log_table() {
    static constexpr sh_log_ext kTable = {sizeof(sh_log_ext), 0, &enabled, &write};
    return kTable;
}

}  // namespace streamhost::bridge
