#include "control/descriptor.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include <Poco/Exception.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

namespace streamhost::control {
namespace {

constexpr std::size_t kFirstDescriptor = offsetof(sh_descriptor, flags);  // bytes, of the first release
constexpr std::size_t kMaxIdBytes = 96;
constexpr std::size_t kMaxVersionBytes = 64;
constexpr std::size_t kMaxSummaryBytes = 200;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string hex(std::uint64_t value) {
    char text[19];
    std::snprintf(text, sizeof text, "0x%016llx", static_cast<unsigned long long>(value));
    return text;
}

/// Looks at most `limit` bytes far: a pointer to something that is no string must not walk through memory.
bool read_text(const char* from, std::size_t limit, std::string& to) {
    if (from == nullptr) return false;
    const std::size_t size = ::strnlen(from, limit + 1);
    if (size > limit) return false;
    to.assign(from, size);
    return true;
}

bool is_version(std::string_view text) {
    int parts = 0;
    while (true) {
        const std::size_t digits = std::min(
            static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin()),
            text.size());
        if (digits == 0 || digits > 9) return false;
        text.remove_prefix(digits);
        if (++parts == 3) break;
        if (text.empty() || text.front() != '.') return false;
        text.remove_prefix(1);
    }
    return text.empty() || (text.front() == '-' && text.size() > 1);
}

std::string read_services(const char* member, const char* const* from, std::vector<std::string>& to) {
    if (from == nullptr) return {};
    for (; *from != nullptr; ++from) {
        if (to.size() == kMaxServices) {
            return std::string(member) + " has more than " + std::to_string(kMaxServices) +
                   " entries: end the list with NULL";
        }
        std::string id;
        if (!read_text(*from, kMaxIdBytes, id) || !is_service_id(id)) {
            return std::string(member) + " holds \"" + id.substr(0, kMaxIdBytes) +
                   "\": write service ids as \"name.of.service/1\", lower case, with a revision";
        }
        if (std::find(to.begin(), to.end(), id) != to.end()) {
            return std::string(member) + " names " + id + " twice: remove one";
        }
        to.push_back(std::move(id));
    }
    return {};
}

std::string check_schema(const std::string& text) {
    try {
        const Poco::Dynamic::Var parsed = Poco::JSON::Parser().parse(text);
        if (parsed.type() != typeid(Poco::JSON::Object::Ptr)) {
            return "config_schema is no JSON object: write a JSON Schema with \"type\": \"object\"";
        }
        const auto& object = parsed.extract<Poco::JSON::Object::Ptr>();
        if (object->optValue<std::string>("type", "") != "object") {
            return "config_schema does not describe an object: set \"type\": \"object\" at its top, the "
                   "section is one";
        }
    } catch (const Poco::Exception& error) {
        return "config_schema is no JSON (" + error.displayText() + "): correct it, or set it to NULL";
    }
    return {};
}

std::string check_entry(const sh_entry& entry) {
    if (entry.magic != SH_PLUGIN_MAGIC) {
        return "the entry has magic " + hex(entry.magic) + " instead of " + hex(SH_PLUGIN_MAGIC) +
               ": define streamhost_plugin_entry as an sh_entry that starts with SH_PLUGIN_MAGIC";
    }
    if (entry.abi_major != SH_ABI_MAJOR) {
        return "built for ABI major " + std::to_string(entry.abi_major) + ", this host speaks " +
               std::to_string(SH_ABI_MAJOR) + ": " +
               (entry.abi_major > SH_ABI_MAJOR ? "upgrade the host or build the plugin with an SDK of major "
                                               : "build the plugin with an SDK of major ") +
               std::to_string(SH_ABI_MAJOR);
    }
    if (entry.struct_size < sizeof(sh_entry)) {
        return "the entry says struct_size " + std::to_string(entry.struct_size) +
               ", the first release has " + std::to_string(sizeof(sh_entry)) + ": set it to sizeof(sh_entry)";
    }
    if (entry.descriptor == nullptr)
        return "the entry has no descriptor: point it to a constant sh_descriptor";
    if (entry.descriptor->struct_size < kFirstDescriptor) {
        return "the descriptor says struct_size " + std::to_string(entry.descriptor->struct_size) +
               ", the first release has " + std::to_string(kFirstDescriptor) +
               ": set it to sizeof(sh_descriptor)";
    }
    if (entry.create == nullptr)
        return "the entry has no create(): point it to the function that makes an instance";
    return {};
}

std::string read_texts(const sh_descriptor& from, PluginDescriptor& to) {
    if (!read_text(from.name, kMaxSummaryBytes, to.name) || !is_plugin_name(to.name)) {
        return "the name \"" + to.name + "\" does not match [a-z][a-z0-9_-]{0,31}: rename the plugin";
    }
    if (!read_text(from.version, kMaxVersionBytes, to.version) || !is_version(to.version)) {
        return "the version \"" + to.version + "\" is not of the form 1.2.3: correct it in the descriptor";
    }
    if (!read_text(from.summary, kMaxSummaryBytes, to.summary) || to.summary.empty() ||
        to.summary.find('\n') != std::string::npos) {
        return "the summary is not one line of 1 to " + std::to_string(kMaxSummaryBytes) +
               " bytes: say in a line what the plugin is for";
    }
    return {};
}

std::string read_lists(const sh_descriptor& from, PluginDescriptor& to) {
    if (auto reason = read_services("provided_services", from.provided_services, to.provided);
        !reason.empty()) {
        return reason;
    }
    if (auto reason = read_services("required_services", from.required_services, to.required);
        !reason.empty()) {
        return reason;
    }
    if (auto reason = read_services("optional_services", from.optional_services, to.optional);
        !reason.empty()) {
        return reason;
    }
    for (const std::string& id : to.provided) {
        if (to.uses(id)) return "it provides " + id + " and uses it too: call yourself without a lease";
    }
    for (const std::string& id : to.optional) {
        if (std::find(to.required.begin(), to.required.end(), id) != to.required.end()) {
            return id + " is both required and optional: keep one";
        }
    }
    return {};
}

std::string read_schema(const sh_descriptor& from, PluginDescriptor& to) {
    if (from.config_schema == nullptr) return {};
    if (!read_text(from.config_schema, kMaxSchemaBytes, to.config_schema)) {
        return "config_schema is longer than " + std::to_string(kMaxSchemaBytes) + " bytes: shorten it";
    }
    return check_schema(to.config_schema);
}

std::uint32_t read_flags(const sh_descriptor& from) {
    const bool has_flags = from.struct_size >= kFirstDescriptor + sizeof(from.flags);
    return has_flags ? from.flags : 0;
}

}  // namespace

bool is_plugin_name(std::string_view name) {
    return !name.empty() && name.size() <= 32 && is_lower(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return is_lower(c) || is_digit(c) || c == '_' || c == '-'; });
}

bool is_service_id(std::string_view id) {
    const std::size_t slash = id.find('/');
    if (slash == std::string_view::npos || id.size() > kMaxIdBytes) return false;
    const std::string_view name = id.substr(0, slash);
    const std::string_view revision = id.substr(slash + 1);
    return !name.empty() && is_lower(name.front()) &&
           std::all_of(
               name.begin(), name.end(),
               [](char c) { return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '.'; }) &&
           !revision.empty() && revision.size() <= 4 && revision.front() != '0' &&
           std::all_of(revision.begin(), revision.end(), is_digit);
}

bool PluginDescriptor::provides(std::string_view id) const {
    return std::find(provided.begin(), provided.end(), id) != provided.end();
}

bool PluginDescriptor::uses(std::string_view id) const {
    return std::find(required.begin(), required.end(), id) != required.end() ||
           std::find(optional.begin(), optional.end(), id) != optional.end();
}

Checked<PluginDescriptor> read_descriptor(const sh_entry& entry) {
    using Result = Checked<PluginDescriptor>;
    if (auto reason = check_entry(entry); !reason.empty()) return Result::refused(std::move(reason));
    PluginDescriptor out;
    if (auto reason = read_texts(*entry.descriptor, out); !reason.empty())
        return Result::refused(std::move(reason));
    if (auto reason = read_lists(*entry.descriptor, out); !reason.empty())
        return Result::refused(std::move(reason));
    if (auto reason = read_schema(*entry.descriptor, out); !reason.empty())
        return Result::refused(std::move(reason));
    out.stops_last = (read_flags(*entry.descriptor) & SH_PLUGIN_STOPS_LAST) != 0;
    return Result::of(std::move(out));
}

Checked<sh_plugin> read_plugin(const sh_plugin& filled) {
    using Result = Checked<sh_plugin>;
    constexpr std::size_t kFirstOptional = offsetof(sh_plugin, loop_start);
    if (filled.struct_size < kFirstOptional) {
        return Result::refused("create() left struct_size " + std::to_string(filled.struct_size) +
                               ": keep the one it was given, or set sizeof(sh_plugin)");
    }
    sh_plugin out{};
    std::memcpy(&out, &filled, std::min<std::size_t>(filled.struct_size, sizeof out));
    const char* missing = out.configure == nullptr ? "configure"
                          : out.start == nullptr   ? "start"
                          : out.drain == nullptr   ? "drain"
                          : out.stop == nullptr    ? "stop"
                          : out.destroy == nullptr ? "destroy"
                                                   : nullptr;
    if (missing != nullptr) {
        return Result::refused("create() left " + std::string(missing) +
                               "() empty: fill in every member up to destroy");
    }
    return Result::of(out);
}

}  // namespace streamhost::control
