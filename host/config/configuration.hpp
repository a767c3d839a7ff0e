#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "config/schema.hpp"
#include "config/value.hpp"

namespace streamhost::config {

// One generation of the configuration: complete, valid, never changed again. A reload makes another one;
// whoever holds this one keeps reading it, from any thread and without a lock.
class Configuration {
public:
    // `root` has passed validate() against `schema`.
    Configuration(std::shared_ptr<const Schema> schema, Value root)
        : schema_(std::move(schema)), root_(std::move(root)) {}

    [[nodiscard]] const Schema& schema() const { return *schema_; }
    [[nodiscard]] const std::shared_ptr<const Schema>& schema_of() const { return schema_; }
    [[nodiscard]] const Value& root() const { return root_; }

private:
    std::shared_ptr<const Schema> schema_;
    Value root_;
};

enum class Lookup { ok, absent, wrong_type, ill_formed_path };

template <class T>
struct Read {
    Lookup status = Lookup::absent;
    T value{};
};

// A part of a configuration read by key path ("providers.echo.delay_ms"): the whole for the host,
// `plugins.<name>` for a plugin. Keeps its generation alive, and with it every string_view that it gives out.
// A look-up walks the names and allocates nothing (json() aside): read settings at start, not per
// message. [any], const and lock-free. Values are typed as the schema says; a number never turns into an
// integer.
class View {
public:
    explicit View(std::shared_ptr<const Configuration> configuration, std::string_view at = {});

    [[nodiscard]] Read<std::string_view> get_string(std::string_view path) const;
    [[nodiscard]] Read<std::int64_t> get_integer(std::string_view path) const;
    [[nodiscard]] Read<double> get_number(std::string_view path) const;  // integers too
    [[nodiscard]] Read<bool> get_boolean(std::string_view path) const;

    // Members of a map, items of a list.
    [[nodiscard]] Read<std::size_t> size(std::string_view path) const;
    // Name of a map's member, in the order written; absent beyond the end.
    [[nodiscard]] Read<std::string_view> key(std::string_view path, std::size_t index) const;
    // A part as JSON, secrets in clear: for a plugin's own use (options that it hands on), never for output.
    [[nodiscard]] Read<std::string> json(std::string_view path) const;

    // The part below `path`; reads as absent throughout when there is none.
    [[nodiscard]] View below(std::string_view path) const;

    // As above, for the host's own keys, which the schema guarantees: a wrong path or type is a bug and
    // throws std::logic_error.
    [[nodiscard]] std::string require_string(std::string_view path) const;
    [[nodiscard]] std::int64_t require_integer(std::string_view path) const;
    [[nodiscard]] bool require_boolean(std::string_view path) const;

private:
    [[nodiscard]] Read<const Value*> find(std::string_view path) const;

    std::shared_ptr<const Configuration> configuration_;
    const Value* at_;  // inside *configuration_; null: reads as absent
};

}  // namespace streamhost::config
