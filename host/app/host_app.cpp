#include "app/host_app.hpp"

#include <ctime>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <Poco/Environment.h>
#include <Poco/Exception.h>
#include <Poco/Util/ServerApplication.h>

#include "app/command_line.hpp"
#include "app/config_client.hpp"
#include "app/contradictions.hpp"
#include "app/drain_client.hpp"
#include "app/explain.hpp"
#include "app/handover_taker.hpp"
#include "app/handover_words.hpp"
#include "app/healthcheck.hpp"
#include "app/node.hpp"
#include "app/plugin_tools.hpp"
#include "app/production.hpp"
#include "app/section_trial.hpp"
#include "app/settings.hpp"
#include "app/signals.hpp"
#include "app/store_probe.hpp"
#include "config/emit.hpp"
#include "config/json_schema.hpp"
#include "config/reference_page.hpp"
#include "control/catalogue.hpp"
#include "control/library.hpp"
#include "net/listen_address.hpp"

#ifndef STREAMHOST_VERSION
#define STREAMHOST_VERSION "0.0.0"
#endif

namespace streamhost::app {

namespace {

using Verb = CommandLine::Verb;

control::LibraryLoader::Options loader_options() {
    control::LibraryLoader::Options options;
    options.run_directory = std::filesystem::temp_directory_path();
    return options;
}

/// The Poco application around it all. Its own configuration layers and option handling stay empty: ours are
/// strict and read once.
class HostApp final : public Poco::Util::ServerApplication {
public:
    explicit HostApp(CommandLine line)
        : line_(std::move(line)), loader_(loader_options()), catalogue_(loader_) {}

    int main(const std::vector<std::string>& /*args*/) override {
        try {
            return carry_out();
        } catch (const Poco::Exception& error) {
            std::cerr << "streamhost: " << error.displayText() << "\n";
        } catch (const std::exception& error) {
            std::cerr << "streamhost: " << error.what() << "\n";
        }
        return 1;
    }

private:
    int carry_out() {
        if (line_.verb == Verb::kPluginNew) return new_plugin();
        if (line_.verb == Verb::kPluginCheck) return check();
        if (line_.verb == Verb::kConfigDiff)
            return show_config_diff(access(), line_.files, std::cout, std::cerr);
        if (line_.verb == Verb::kConfigApply)
            return apply_config(access(), line_.restart_plugins, std::cout, std::cerr);
        if (line_.verb == Verb::kConfigRollback) return roll_back_config(access(), std::cout, std::cerr);
        if (line_.verb == Verb::kDrain) return drain_node(access(), line_.wait, std::cout, std::cerr);
        if (line_.verb == Verb::kExplain && line_.files.empty()) return explain_entry(line_.urls);
        const config::Sources sources = sources_of(line_);
        std::string text;
        if (line_.verb == Verb::kConfigSchema) {
            std::cout << config::to_json_schema(*compose_schema(sources, catalogue_, text));
            std::cerr << text;
            return 0;
        }
        if (line_.verb == Verb::kConfigReference) {
            std::cout << config::to_reference_page(*compose_schema(sources, catalogue_, text));
            std::cerr << text;
            return 0;
        }
        Candidate candidate = read_candidate(sources, catalogue_, sources);
        if (line_.verb == Verb::kConfigCheck) look_closer(candidate);
        std::cerr << candidate.text();
        if (candidate.configuration == nullptr) {
            std::cerr << "streamhost: the configuration is not used; mend the above and try again\n";
            return 2;
        }
        switch (line_.verb) {
        case Verb::kExplain: {
            const Settings settings = settings_of(candidate.configuration, candidate.store, candidate.tls);
            std::vector<std::string> urls = line_.urls;
            urls.insert(urls.begin(), net::url_of("http://", settings.admin_address, ""));
            return explain_entry(urls);
        }
        case Verb::kConfigCheck: return report_check(candidate);
        case Verb::kConfigShow:
            std::cout << config::to_yaml(candidate.configuration->root(), {.origins = line_.origins});
            return 0;
        default: return serve(settings_of(candidate.configuration, candidate.store, candidate.tls), sources);
        }
    }

    int serve(Settings settings, const config::Sources& sources) {
        std::optional<Handover> before;
        if (!settings.handover.empty()) before = Handover::ask(settings.handover);
        if (before) settings.call(name_after(settings.node_id, before->node_id()));
        return Node(std::move(settings), catalogue_, sources, std::move(before)).run();
    }

    AdminAccess access() const {
        AdminAccess access;
        if (!line_.url.empty()) access.url = line_.url;
        access.token_file = line_.token_file;
        return access;
    }

    int explain_entry(std::vector<std::string> urls) const {
        if (urls.empty()) urls.push_back(AdminAccess().url);
        return explain({.stream = line_.stream,
                        .seq = line_.seq,
                        .urls = std::move(urls),
                        .token_file = line_.token_file,
                        .as_json = line_.as_json},
                       std::cout, std::cerr);
    }

    // The keys may be right and still nothing that serves.
    void look_closer(Candidate& candidate) const {
        const auto checked = candidate.configuration;
        if (checked == nullptr) return;
        candidate.refuse(unloadable_plugins(*checked, catalogue_));
        candidate.refuse(contradictions(*checked, plan_nodes(*checked, catalogue_), false));
        candidate.refuse(try_sections(checked, catalogue_, enabled_plugins(*checked)));
    }

    static ProductionFacts facts_of(const Candidate& candidate) {
        ProductionFacts facts{.names_node = Poco::Environment::has("NODE_ID"), .now_s = std::time(nullptr)};
        for (const auto& [listener, context] : candidate.tls)
            facts.certificates_end_s.emplace(listener, context->ends_at_s());
        return facts;
    }

    int report_check(const Candidate& candidate) {
        std::cout << "the configuration is fine\n";
        if (line_.files.empty())
            std::cout << "no file was named: these are the defaults, the environment and the arguments\n";
        const auto& configuration = *candidate.configuration;
        Findings findings;
        if (const auto alone = why_nobody_is_welcomed(configuration, plan_nodes(configuration, catalogue_)))
            findings.push_back({line_.production ? Finding::Level::kError : Finding::Level::kWarning,
                                alone->problem, alone->path, alone->next_step});
        if (line_.production) {
            const Findings list = production_findings(candidate.configuration, facts_of(candidate));
            findings.insert(findings.end(), list.begin(), list.end());
        }
        if (line_.connect) {
            const Findings store = probe_store(candidate.store);
            findings.insert(findings.end(), store.begin(), store.end());
        }
        return report(findings);
    }

    // All of them, whatever the first one says, at one place and in one order: a report is kept.
    static int report(const Findings& findings) {
        int status = 0;
        for (const Finding& finding : findings) {
            const bool is_error = finding.level == Finding::Level::kError;
            std::cout << format(finding);
            if (is_error) status = 1;
        }
        return status;
    }

    int new_plugin() const {
        const std::filesystem::path folder = line_.folder.empty() ? line_.plugin : line_.folder;
        if (const std::string wrong = write_plugin(line_.plugin, folder); !wrong.empty()) {
            std::cerr << "streamhost: " << wrong << "\n";
            return 1;
        }
        std::cout << "written to " << folder.string()
                  << "; how to build and load it: " << (folder / "README.md").string() << "\n";
        return 0;
    }

    int check() {
        const auto plugin = check_plugin(line_.plugin, loader_);
        if (!plugin) {
            std::cerr << "streamhost: " << line_.plugin << ": " << plugin.reason << "\n";
            return 1;
        }
        std::cout << plugin->name << " " << plugin->version << ": " << plugin->summary << "\n";
        return 0;
    }

    CommandLine line_;
    control::LibraryLoader loader_;
    control::Catalogue catalogue_;
};

}  // namespace

int run(int argc, char** argv) {
    block_signals();
    CommandLine line = parse_command_line(std::vector<std::string>(argv + 1, argv + argc));
    if (!line.error.empty()) {
        std::cerr << "streamhost: " << line.error << "\n";
        return 2;
    }
    if (line.verb == Verb::kHelp) {
        std::cout << usage();
        return 0;
    }
    if (line.verb == Verb::kVersion) {
        std::cout << "streamhost " STREAMHOST_VERSION "\n";
        return 0;
    }
    if (line.verb == Verb::kHealthcheck) {
        return healthcheck(line.url.empty() ? kHealthUrl : line.url,
                           line.timeout_ms == 0 ? kHealthTimeoutMs : line.timeout_ms, std::cout, std::cerr);
    }
    try {
        HostApp app(std::move(line));
        return app.run(std::vector<std::string>{argv[0]});
    } catch (const std::exception& error) {  // of what it needs before it reads anything
        std::cerr << "streamhost: " << error.what() << "\n";
        return 1;
    }
}

}  // namespace streamhost::app
