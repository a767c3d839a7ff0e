#include "config/reference_page.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "config/emit.hpp"

namespace streamhost::config {

namespace {

constexpr std::string_view kHead =
    "<!-- Written by `./dev schema` from the schemas of the host and its plugins: change those. -->\n"
    "# All keys\n"
    "\n"
    "How files, environment and arguments lie over each other, and how sizes and times are written: "
    "[configuration](../configuration.md).\n"
    "Changing keys on running nodes, and going back: [changing the configuration]"
    "(../operate/configuration.md).\n"
    "\n"
    "`<name>` is a name of your choice, `[]` an item of a list. *Change* says what a changed key costs:\n"
    "**live**: nothing, it holds at once. **plugin**: the plugin takes it at once if it can, else it goes on "
    "with the former value until it is restarted beside itself.\n"
    "**restart**: it holds with the next start of the process.\n";

struct Step {
    Schema::Bound size;
    std::string_view name;
};
constexpr Step kTimes[] = {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}, {1, "ms"}};
constexpr Step kSizes[] = {
    {1'099'511'627'776, "TiB"}, {1'073'741'824, "GiB"}, {1'048'576, "MiB"}, {1'024, "KiB"}, {1, "B"}};

// What would end a cell, or be taken for markup.
std::string cell(std::string_view text) {
    std::string out;
    for (const char byte : text) {
        if (byte == '|' || byte == '<') out += '\\';
        out += byte == '\n' ? ' ' : byte;
    }
    return out;
}

std::string code(std::string_view text) {
    std::string out = "`";
    for (const char byte : text) {
        if (byte == '|') out += '\\';
        out += byte;
    }
    return out + '`';
}

std::string bounds(const Schema& schema) {
    const auto shown = [&](Schema::Bound bound) { return unit_text(bound, schema.unit); };
    if (schema.minimum && schema.maximum)
        return ", " + shown(*schema.minimum) + " to " + shown(*schema.maximum);
    if (schema.minimum) return ", at least " + shown(*schema.minimum);
    return schema.maximum ? ", at most " + shown(*schema.maximum) : std::string();
}

std::string lengths(const Schema& schema) {
    std::string out;
    if (schema.min_length && *schema.min_length > 0)
        out += *schema.min_length == 1 ? ", not empty" : ", from " + std::to_string(*schema.min_length);
    if (schema.max_length) out += ", at most " + std::to_string(*schema.max_length) + " characters";
    if (!schema.pattern.empty()) out += ", " + code(schema.pattern);
    return out;
}

std::string choices(const Schema& schema) {
    std::string out;
    for (const Value& choice : schema.choices)
        out +=
            (out.empty() ? "" : ", ") + code(choice.text() != nullptr ? *choice.text() : scalar_text(choice));
    return out;
}

// Recursion: schemas are finite trees.
std::string takes(const Schema& schema) {
    if (!schema.choices.empty()) return choices(schema);
    switch (schema.type) {
    case Type::any: return "anything";
    case Type::object: return "a map";
    case Type::array:
        if (!schema.items) return "a list";
        return "a list of " + (schema.items->type == Type::object ? "maps" : takes(*schema.items));
    case Type::string: return (schema.secret ? "text, secret" : "text") + lengths(schema);
    case Type::boolean: return "true, false";
    case Type::integer:
    case Type::number: break;
    }
    const std::string_view kind = schema.unit == Unit::milliseconds ? "a time"
                                  : schema.unit == Unit::bytes      ? "bytes"
                                  : schema.type == Type::integer    ? "integer"
                                                                    : "number";
    return std::string(kind) + bounds(schema);
}

std::string otherwise(const Schema& schema, bool is_required) {
    if (schema.fallback && schema.fallback->is(Kind::integer) && schema.unit != Unit::none)
        return code(unit_text(static_cast<Schema::Bound>(std::get<std::int64_t>(schema.fallback->data)),
                              schema.unit));
    if (schema.fallback) return code(to_json(*schema.fallback));
    return is_required ? "needed" : "";
}

class Page {
public:
    void section(const std::string& path, const Schema& schema) {
        out_ += "\n## " + path + "\n";
        if (!schema.description.empty()) out_ += cell(schema.description) + "\n";
        out_ += "\n| key | takes | default | change | |\n|---|---|---|---|---|\n";
        members(path, schema);
    }
    std::string take() { return std::move(out_); }

private:
    // Recursion: schemas are finite trees.
    void members(const std::string& path, const Schema& schema) {
        for (const Property& property : schema.properties) {
            const bool is_required = std::find(schema.required.begin(), schema.required.end(),
                                               property.name) != schema.required.end();
            entry(path + '.' + property.name, property.schema, is_required);
        }
        if (schema.additional) entry(path + ".<name>", *schema.additional, false);
    }

    // Recursion: schemas are finite trees.
    void entry(const std::string& path, const Schema& schema, bool is_required) {
        const Schema* item = schema.type == Type::array ? schema.items.get() : nullptr;
        const bool is_table = schema.type == Type::object && !schema.properties.empty();
        if (!is_table || schema.fallback || !schema.description.empty()) row(path, schema, is_required);
        if (schema.type == Type::object) members(path, schema);
        if (item != nullptr && item->type == Type::object) members(path + "[]", *item);
    }

    void row(const std::string& path, const Schema& schema, bool is_required) {
        const bool is_map = schema.type == Type::object;
        const std::string standard = is_map && schema.fallback && schema.fallback->object() != nullptr &&
                                             schema.fallback->object()->empty()
                                         ? std::string()
                                         : otherwise(schema, is_required);
        out_ += "| " + code(path) + " | " + (is_map && !schema.additional ? "" : takes(schema)) + " | " +
                standard + " | " + (is_map ? "" : std::string(reload_name(schema.reload))) + " | " +
                cell(schema.description) + " |\n";
    }

    std::string out_{kHead};
};

}  // namespace

std::string unit_text(Schema::Bound number, Unit unit) {
    if (unit == Unit::none || number == 0) return number_text(number);
    const auto& units = unit == Unit::milliseconds ? kTimes : kSizes;
    const auto fits = std::find_if(std::begin(units), std::end(units),
                                   [&](const Step& one) { return std::fmod(number, one.size) == 0; });
    if (fits == std::end(units)) return number_text(number);
    return number_text(number / fits->size).append(fits->name);
}

std::string to_reference_page(const Schema& schema) {
    Page page;
    for (const Property& section : schema.properties) {
        if (section.name != "plugins") {
            page.section(section.name, section.schema);
            continue;
        }
        Schema own = section.schema;
        const auto is_plugin = [](const Property& one) { return one.schema.type == Type::object; };
        own.properties.erase(std::remove_if(own.properties.begin(), own.properties.end(), is_plugin),
                             own.properties.end());
        page.section(section.name, own);
        for (const Property& plugin : section.schema.properties)
            if (is_plugin(plugin)) page.section(section.name + '.' + plugin.name, plugin.schema);
    }
    return page.take();
}

}  // namespace streamhost::config
