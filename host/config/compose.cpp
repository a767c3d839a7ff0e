#include "config/compose.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace streamhost::config {

namespace {

// Our own resource: a mistake in it is a bug, found by the first test that runs.
Schema core_schema() {
    Issues issues;
    auto core = parse_schema(core_schema_text(), "core schema", {}, issues);
    if (!core || core->property("plugins") == nullptr) throw std::logic_error(format(issues));
    return std::move(*core);
}

Schema enabled_schema() {
    Schema enabled;
    enabled.type = Type::boolean;
    enabled.reload = Reload::plugin;
    enabled.description = "Whether the plugin is started.";
    Value off;
    off.data = false;
    enabled.fallback = std::move(off);
    return enabled;
}

Schema opaque_section() {
    Schema section;
    section.type = Type::object;
    section.reload = Reload::plugin;
    section.additional = std::make_shared<const Schema>(Schema{.reload = Reload::plugin});
    return section;
}

class Composer {
public:
    explicit Composer(Composed& result) : result_(result) {}

    Schema section(const PluginSchema& plugin) {
        Schema section = own_section(plugin);
        section.properties.insert(section.properties.begin(), {"enabled", enabled_schema()});
        return section;
    }

    void refuse(const PluginSchema& plugin, std::string problem) {
        Origin origin;
        origin.name = std::make_shared<const std::string>(source(plugin));
        result_.issues.push_back(
            {origin, {}, std::move(problem), {}, "correct the schema and build the plugin anew"});
        result_.refused.push_back(plugin.name);
    }

private:
    static std::string source(const PluginSchema& plugin) { return "schema of plugin " + plugin.name; }

    Schema own_section(const PluginSchema& plugin) {
        if (plugin.unreadable) return opaque_section();
        const std::string text = plugin.text.empty() ? R"({"type": "object"})" : plugin.text;
        auto parsed = parse_schema(text, source(plugin), {Reload::plugin, false}, result_.issues);
        if (!parsed) {
            result_.refused.push_back(plugin.name);
        } else if (parsed->type != Type::object) {
            refuse(plugin, "must be of type object");
        } else if (parsed->property("enabled") != nullptr) {
            refuse(plugin, "declares \"enabled\", which belongs to the host");
        } else {
            return std::move(*parsed);
        }
        return opaque_section();
    }

    Composed& result_;
};

}  // namespace

Composed compose(std::span<const PluginSchema> plugins, const ComposeOptions& options) {
    Composed result;
    Schema root = core_schema();
    const auto section = std::find_if(root.properties.begin(), root.properties.end(),
                                      [](const Property& known) { return known.name == "plugins"; });
    Composer composer(result);
    for (const PluginSchema& plugin : plugins) {
        if (section->schema.property(plugin.name) != nullptr) {
            composer.refuse(plugin, "the name is taken");
        } else {
            section->schema.properties.push_back({plugin.name, composer.section(plugin)});
        }
    }
    section->schema.unknown_problem = "no plugin has this name";
    section->schema.unknown_next_step =
        "copy its .so into " +
        (options.plugin_directory.empty() ? std::string("the plugin directory") : options.plugin_directory) +
        ", or correct or remove the section";
    if (options.any_plugin) section->schema.additional = std::make_shared<const Schema>(opaque_section());
    result.schema = std::make_shared<const Schema>(std::move(root));
    return result;
}

}  // namespace streamhost::config
