#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <Poco/Dynamic/Var.h>
#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/ParseHandler.h>
#include <Poco/JSON/Parser.h>
#include <Poco/RegularExpression.h>

#include "config/json_value.hpp"
#include "config/path.hpp"
#include "config/schema.hpp"
#include "config/validator.hpp"

namespace streamhost::config {

namespace {

using Poco::Dynamic::Var;
using Poco::JSON::Array;
using Poco::JSON::Object;

constexpr std::size_t kMaxSchemaBytes = 256 * 1024;

bool is_boolean(const Var& json) { return !json.isEmpty() && json.isBoolean(); }
bool is_integer(const Var& json) { return !json.isEmpty() && json.isInteger() && !json.isBoolean(); }
bool is_number(const Var& json) { return !json.isEmpty() && json.isNumeric() && !json.isBoolean(); }
bool is_string(const Var& json) { return !json.isEmpty() && json.isString(); }

template <class Choice, std::size_t kCount>
std::optional<Choice> choose(const std::string& written,
                             const std::array<std::pair<std::string_view, Choice>, kCount>& choices) {
    for (const auto& [name, choice] : choices) {
        if (name == written) return choice;
    }
    return std::nullopt;
}

constexpr std::array<std::pair<std::string_view, Type>, 6> kTypes = {{{"object", Type::object},
                                                                      {"array", Type::array},
                                                                      {"string", Type::string},
                                                                      {"integer", Type::integer},
                                                                      {"number", Type::number},
                                                                      {"boolean", Type::boolean}}};
constexpr std::array<std::pair<std::string_view, Unit>, 2> kUnits = {
    {{"bytes", Unit::bytes}, {"ms", Unit::milliseconds}}};
constexpr std::array<std::pair<std::string_view, Reload>, 3> kReloads = {
    {{"live", Reload::live}, {"plugin", Reload::plugin}, {"restart", Reload::restart}}};

// Reads one schema object, keyword by keyword, each in a function of its own.
class SchemaReader {
public:
    SchemaReader(std::string source, Issues& issues) : source_(std::move(source)), issues_(issues) {}

    Schema read(const Var& json, const std::string& path, const Inherited& inherited) {
        Schema schema;
        schema.reload = inherited.reload;
        schema.secret = inherited.secret;
        if (is_boolean(json) && json.convert<bool>()) return schema;
        if (json.type() != typeid(Object::Ptr)) {
            complain(path, "expected a schema (an object)");
            return schema;
        }
        if (std::count(path.begin(), path.end(), '.') > static_cast<std::ptrdiff_t>(2 * kMaxDepth)) {
            complain(path, "nested too deeply");
            return schema;
        }
        read_keywords(*json.extract<Object::Ptr>(), schema, path);
        return schema;
    }

private:
    using Handler = void (SchemaReader::*)(const Var&, Schema&, const std::string&);
    struct Keyword {
        std::string_view name;
        Handler handler;
        Type only_for = Type::any;
    };
    static const std::array<Keyword, 18> kKeywords;

    void complain(const std::string& path, std::string problem) {
        Origin origin;
        origin.name = std::make_shared<const std::string>(source_);
        issues_.push_back({origin, path, std::move(problem), {}, "correct the schema and build it anew"});
    }

    // The order of kKeywords, not of the text: what is inherited and the type must be known before the rest.
    void read_keywords(const Object& json, Schema& schema, const std::string& path) {
        for (const Keyword& keyword : kKeywords) {
            const std::string name(keyword.name);
            if (!json.has(name)) continue;
            const std::string place = join_path(path, name);
            if (keyword.only_for != Type::any && keyword.only_for != schema.type) {
                complain(place, "belongs to type " + std::string(type_name(keyword.only_for)));
                continue;
            }
            (this->*keyword.handler)(json.get(name), schema, place);
        }
        refuse_unknown(json, path);
        check_whole(schema, path);
    }

    void refuse_unknown(const Object& json, const std::string& path) {
        for (const std::string& name : json.getNames()) {
            const bool known = std::any_of(kKeywords.begin(), kKeywords.end(),
                                           [&name](const Keyword& keyword) { return keyword.name == name; });
            if (!known) complain(join_path(path, name), "keyword is not supported");
        }
    }

    void check_whole(Schema& schema, const std::string& path) {
        for (const std::string& name : schema.required) {
            if (schema.property(name) == nullptr)
                complain(path, "requires " + quote(name) + ", not a property");
        }
        if (schema.minimum && schema.maximum && *schema.minimum > *schema.maximum) {
            complain(path, "minimum is above maximum");
        }
        if (!schema.fallback) return;
        Issues faults;
        validate(schema, *schema.fallback, faults);
        for (const Issue& fault : faults) {
            complain(join_path(path, "default"),
                     fault.path + (fault.path.empty() ? "" : ": ") + fault.problem);
        }
    }

    bool take_string(const Var& json, std::string& into, const std::string& path) {
        if (!is_string(json)) {
            complain(path, "expected a string");
            return false;
        }
        into = json.convert<std::string>();
        return true;
    }

    void type(const Var& json, Schema& schema, const std::string& path) {
        std::string name;
        if (!take_string(json, name, path)) return;
        const auto found = choose(name, kTypes);
        if (!found) return complain(path, "unknown type " + quote(name, 40));
        schema.type = *found;
    }

    void secret(const Var& json, Schema& schema, const std::string& path) {
        if (!is_boolean(json)) return complain(path, "expected true or false");
        schema.secret = schema.secret || json.convert<bool>();
    }

    void unit(const Var& json, Schema& schema, const std::string& path) {
        std::string name;
        if (!take_string(json, name, path)) return;
        const auto found = choose(name, kUnits);
        if (!found) return complain(path, "expected \"bytes\" or \"ms\"");
        schema.unit = *found;
    }

    void reload(const Var& json, Schema& schema, const std::string& path) {
        std::string name;
        if (!take_string(json, name, path)) return;
        const auto found = choose(name, kReloads);
        if (!found) return complain(path, "expected \"live\", \"plugin\" or \"restart\"");
        schema.reload = *found;
    }

    void title(const Var& json, Schema& schema, const std::string& path) {
        take_string(json, schema.title, path);
    }

    void description(const Var& json, Schema& schema, const std::string& path) {
        take_string(json, schema.description, path);
    }

    // Names the dialect for editors; there is only this one.
    void dialect(const Var& json, Schema&, const std::string& path) {
        std::string ignored;
        take_string(json, ignored, path);
    }

    void properties(const Var& json, Schema& schema, const std::string& path) {
        if (json.type() != typeid(Object::Ptr)) return complain(path, "expected an object");
        const Object& parts = *json.extract<Object::Ptr>();
        for (const std::string& name : parts.getNames()) {
            const std::string place = join_path(path, name);
            if (!is_key_name(name)) complain(place, "cannot be a key");
            schema.properties.push_back({name, read(parts.get(name), place, {schema.reload, schema.secret})});
        }
    }

    void additional(const Var& json, Schema& schema, const std::string& path) {
        if (is_boolean(json) && !json.convert<bool>()) return;
        schema.additional = std::make_shared<const Schema>(read(json, path, {schema.reload, schema.secret}));
    }

    void items(const Var& json, Schema& schema, const std::string& path) {
        schema.items = std::make_shared<const Schema>(read(json, path, {schema.reload, schema.secret}));
    }

    void required(const Var& json, Schema& schema, const std::string& path) {
        if (json.type() != typeid(Array::Ptr)) return complain(path, "expected a list");
        for (const Var& name : *json.extract<Array::Ptr>()) {
            std::string text;
            if (take_string(name, text, path)) schema.required.push_back(std::move(text));
        }
    }

    void choices(const Var& json, Schema& schema, const std::string& path) {
        if (json.type() != typeid(Array::Ptr)) return complain(path, "expected a list");
        for (const Var& choice : *json.extract<Array::Ptr>())
            schema.choices.push_back(value_from_json(choice));
        if (schema.choices.empty()) complain(path, "expected at least one value");
    }

    void fallback(const Var& json, Schema& schema, const std::string&) {
        schema.fallback = value_from_json(json);
    }

    void take_bound(const Var& json, Schema& schema, std::optional<Schema::Bound>& into,
                    const std::string& path) {
        if (schema.type != Type::integer && schema.type != Type::number) {
            return complain(path, "belongs to type integer or number");
        }
        if (is_integer(json)) {
            into = static_cast<Schema::Bound>(json.convert<Poco::Int64>());
        } else if (is_number(json)) {
            into = static_cast<Schema::Bound>(json.convert<double>());
        } else {
            complain(path, "expected a number");
        }
    }

    void minimum(const Var& json, Schema& schema, const std::string& path) {
        take_bound(json, schema, schema.minimum, path);
    }
    void maximum(const Var& json, Schema& schema, const std::string& path) {
        take_bound(json, schema, schema.maximum, path);
    }

    void take_length(const Var& json, std::optional<std::uint64_t>& into, const std::string& path) {
        if (!is_integer(json) || json.convert<Poco::Int64>() < 0)
            return complain(path, "expected an integer from 0");
        into = static_cast<std::uint64_t>(json.convert<Poco::Int64>());
    }

    void min_length(const Var& json, Schema& schema, const std::string& path) {
        take_length(json, schema.min_length, path);
    }
    void max_length(const Var& json, Schema& schema, const std::string& path) {
        take_length(json, schema.max_length, path);
    }

    void pattern(const Var& json, Schema& schema, const std::string& path) {
        if (!take_string(json, schema.pattern, path)) return;
        // Without DOLLAR_ENDONLY "^[a-z]+$" would let a line end through at the end.
        constexpr int kOptions =
            Poco::RegularExpression::RE_DOLLAR_ENDONLY | Poco::RegularExpression::RE_UTF8;
        try {
            schema.compiled_pattern =
                std::make_shared<const Poco::RegularExpression>(schema.pattern, kOptions);
        } catch (const Poco::RegularExpressionException& error) {
            complain(path, "not a regular expression: " + error.message());
        }
    }

    std::string source_;
    Issues& issues_;
};

constexpr std::array<SchemaReader::Keyword, 18> SchemaReader::kKeywords = {{
    {"$schema", &SchemaReader::dialect},
    {"type", &SchemaReader::type},
    {"x-reload", &SchemaReader::reload},
    {"x-secret", &SchemaReader::secret},
    {"x-unit", &SchemaReader::unit, Type::integer},
    {"title", &SchemaReader::title},
    {"description", &SchemaReader::description},
    {"properties", &SchemaReader::properties, Type::object},
    {"additionalProperties", &SchemaReader::additional, Type::object},
    {"required", &SchemaReader::required, Type::object},
    {"items", &SchemaReader::items, Type::array},
    {"minimum", &SchemaReader::minimum},
    {"maximum", &SchemaReader::maximum},
    {"minLength", &SchemaReader::min_length, Type::string},
    {"maxLength", &SchemaReader::max_length, Type::string},
    {"pattern", &SchemaReader::pattern, Type::string},
    {"enum", &SchemaReader::choices},
    {"default", &SchemaReader::fallback},
}};

}  // namespace

std::optional<Schema> parse_schema(std::string_view json, const std::string& source,
                                   const Inherited& inherited, Issues& issues) {
    const std::size_t before = issues.size();
    Origin origin;
    origin.name = std::make_shared<const std::string>(source);
    if (json.size() > kMaxSchemaBytes) {
        issues.push_back({origin, {}, "longer than 256 KiB", {}, "shorten the schema"});
        return std::nullopt;
    }
    try {
        // Without the handler's order option Poco sorts the keys; errors and the effective configuration
        // follow the author's order.
        Poco::JSON::Parser parser(new Poco::JSON::ParseHandler(true));
        Schema schema = SchemaReader(source, issues).read(parser.parse(std::string(json)), {}, inherited);
        if (issues.size() == before) return schema;
    } catch (const Poco::Exception& error) {
        issues.push_back({origin, {}, "not JSON: " + error.displayText(), {}, "correct the schema's syntax"});
    }
    return std::nullopt;
}

}  // namespace streamhost::config
