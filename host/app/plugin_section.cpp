#include "app/plugin_section.hpp"

namespace streamhost::app {

namespace {

const config::View& section(const sh_config* config) {
    return *static_cast<const config::View*>(config->self);
}

template <typename Value, typename Take>
sh_status answer(const config::Read<Value>& read, Take take) {
    switch (read.status) {
    case config::Lookup::ok: take(read.value); return SH_OK;
    case config::Lookup::absent: return SH_NOT_FOUND;
    case config::Lookup::wrong_type:
    case config::Lookup::ill_formed_path: return SH_INVALID;
    }
    return SH_INTERNAL;
}

sh_status get_string(const sh_config* config, const char* path, sh_bytes* out) {
    return answer(section(config).get_string(path), [&](std::string_view value) {
        *out = {value.data(), value.size()};
    });
}
sh_status get_integer(const sh_config* config, const char* path, std::int64_t* out) {
    return answer(section(config).get_integer(path), [&](std::int64_t value) { *out = value; });
}
sh_status get_number(const sh_config* config, const char* path, double* out) {
    return answer(section(config).get_number(path), [&](double value) { *out = value; });
}
sh_status get_boolean(const sh_config* config, const char* path, std::uint8_t* out) {
    return answer(section(config).get_boolean(path), [&](bool value) { *out = value ? 1 : 0; });
}
sh_status get_size(const sh_config* config, const char* path, std::uint64_t* out) {
    return answer(section(config).size(path), [&](std::size_t value) { *out = value; });
}
sh_status get_key(const sh_config* config, const char* path, std::uint64_t index, sh_bytes* out) {
    return answer(section(config).key(path, static_cast<std::size_t>(index)), [&](std::string_view value) {
        *out = {value.data(), value.size()};
    });
}

}  // namespace

void with_section(const std::shared_ptr<const config::Configuration>& configuration,
                  const std::string& plugin, const std::function<void(const sh_config&)>& use) {
    const config::View view(configuration, "plugins." + plugin);
    const sh_config table = {sizeof(table), 0,         &view,   &get_string, &get_integer, &get_number,
                             &get_boolean,  &get_size, &get_key};
    use(table);
}

}  // namespace streamhost::app
