#include "config/configuration.hpp"

#include <stdexcept>

#include "config/emit.hpp"
#include "config/path.hpp"

namespace streamhost::config {

namespace {

template <class T>
Read<T> wrong_type() {
    return {Lookup::wrong_type, {}};
}

template <class T>
T required(Read<T> read, std::string_view path) {
    if (read.status == Lookup::ok) return read.value;
    throw std::logic_error("configuration key " + std::string(path) + " is not in the schema as it is read");
}

template <class T, class Stored = T>
Read<T> typed(const Read<const Value*>& found) {
    if (found.status != Lookup::ok) return {found.status, {}};
    const auto* stored = std::get_if<Stored>(&found.value->data);
    if (stored == nullptr) return wrong_type<T>();
    return {Lookup::ok, T(*stored)};
}

}  // namespace

View::View(std::shared_ptr<const Configuration> configuration, std::string_view at)
    : configuration_(std::move(configuration)), at_(find_path(configuration_->root(), at).value) {}

Read<const Value*> View::find(std::string_view path) const {
    if (at_ == nullptr) return {};
    const Found found = find_path(*at_, path);
    if (found.ill_formed) return {Lookup::ill_formed_path, nullptr};
    return {found.value != nullptr ? Lookup::ok : Lookup::absent, found.value};
}

Read<std::string_view> View::get_string(std::string_view path) const {
    return typed<std::string_view, std::string>(find(path));
}

Read<std::int64_t> View::get_integer(std::string_view path) const { return typed<std::int64_t>(find(path)); }

Read<double> View::get_number(std::string_view path) const {
    const Read<const Value*> found = find(path);
    const Read<std::int64_t> integer = typed<std::int64_t>(found);
    if (integer.status == Lookup::ok) return {Lookup::ok, static_cast<double>(integer.value)};
    return typed<double>(found);
}

Read<bool> View::get_boolean(std::string_view path) const { return typed<bool>(find(path)); }

Read<std::size_t> View::size(std::string_view path) const {
    const Read<const Value*> found = find(path);
    if (found.status != Lookup::ok) return {found.status, {}};
    if (const Value::Object* members = found.value->object()) return {Lookup::ok, members->size()};
    if (const Value::Array* items = found.value->array()) return {Lookup::ok, items->size()};
    return wrong_type<std::size_t>();
}

Read<std::string_view> View::key(std::string_view path, std::size_t index) const {
    const Read<const Value*> found = find(path);
    if (found.status != Lookup::ok) return {found.status, {}};
    const Value::Object* members = found.value->object();
    if (members == nullptr) return wrong_type<std::string_view>();
    if (index >= members->size()) return {};
    return {Lookup::ok, (*members)[index].name};
}

Read<std::string> View::json(std::string_view path) const {
    const Read<const Value*> found = find(path);
    if (found.status != Lookup::ok) return {found.status, {}};
    return {Lookup::ok, to_json(*found.value, {.origins = false, .reveal = true})};
}

View View::below(std::string_view path) const {
    View part = *this;
    part.at_ = find(path).value;
    return part;
}

std::string View::require_string(std::string_view path) const {
    return std::string(required(get_string(path), path));
}

std::int64_t View::require_integer(std::string_view path) const { return required(get_integer(path), path); }

bool View::require_boolean(std::string_view path) const { return required(get_boolean(path), path); }

}  // namespace streamhost::config
