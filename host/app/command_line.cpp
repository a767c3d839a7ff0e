#include "app/command_line.hpp"

#include <string_view>

#include "streamhost/whole_number.hpp"

namespace streamhost::app {

namespace {

using Verb = CommandLine::Verb;

// The value of "--name=value" or "--name value"; moves `index` over what it used.
bool take_value(const std::vector<std::string>& words, std::size_t& index, std::string_view name,
                std::string& value) {
    const std::string_view word = words[index];
    if (word == name) {
        if (index + 1 >= words.size()) return false;
        value = words[++index];
        return true;
    }
    if (word.size() <= name.size() + 1 || !word.starts_with(name) || word[name.size()] != '=') return false;
    value = word.substr(name.size() + 1);
    return true;
}

struct Command {
    std::string_view first;
    std::string_view second;  // empty: it is one word
    Verb verb;
};
constexpr Command kCommands[] = {
    {"run", "", Verb::kRun},
    {"help", "", Verb::kHelp},
    {"version", "", Verb::kVersion},
    {"config", "check", Verb::kConfigCheck},
    {"config", "show", Verb::kConfigShow},
    {"config", "schema", Verb::kConfigSchema},
    {"config", "reference", Verb::kConfigReference},
    {"config", "diff", Verb::kConfigDiff},
    {"config", "apply", Verb::kConfigApply},
    {"config", "rollback", Verb::kConfigRollback},
    {"plugin", "check", Verb::kPluginCheck},
    {"plugin", "new", Verb::kPluginNew},
    {"healthcheck", "", Verb::kHealthcheck},
    {"explain", "", Verb::kExplain},
    {"drain", "", Verb::kDrain},
};

const Command* command_of(std::string_view first, std::string_view second) {
    for (const Command& command : kCommands)
        if (command.first == first && (command.second.empty() || command.second == second)) return &command;
    return nullptr;
}

// First a stream, then a number.
bool take_entry(CommandLine& out, const std::string& word) {
    if (out.stream.empty()) {
        out.stream = word;
        return true;
    }
    out.seq = whole_number<std::uint64_t>(word).value_or(0);
    return out.seq > 0;
}

// A word behind the command. False: it takes none there.
bool take_operand(CommandLine& out, const std::string& word) {
    const bool wants_plugin = out.verb == Verb::kPluginCheck || out.verb == Verb::kPluginNew;
    if (out.verb == Verb::kExplain) return take_entry(out, word);
    if (wants_plugin && out.plugin.empty()) {
        out.plugin = word;
    } else if (out.verb == Verb::kPluginNew && out.folder.empty()) {
        out.folder = word;
    } else if (out.verb == Verb::kConfigCheck || out.verb == Verb::kConfigShow ||
               out.verb == Verb::kConfigDiff) {
        out.files.push_back(word);
    } else {
        return false;
    }
    return true;
}

bool read_timeout(const std::string& text, std::uint32_t& time_ms) {
    time_ms = whole_number<std::uint32_t>(text).value_or(0);
    return time_ms > 0 && time_ms <= 600'000;
}

void take_command(CommandLine& out, const std::vector<std::string>& plain) {
    if (plain.empty()) return;
    const std::string second = plain.size() > 1 ? plain[1] : "";
    const Command* command = command_of(plain[0], second);
    if (command == nullptr) {
        out.error =
            "'" + plain[0] + (second.empty() ? "" : " " + second) + "' is no command; see streamhost help";
        return;
    }
    out.verb = command->verb;
    for (std::size_t index = command->second.empty() ? 1 : 2; index < plain.size(); ++index)
        if (!take_operand(out, plain[index]))
            out.error = "'" + plain[index] + "' is one word too many; see streamhost help";
    if (out.verb == Verb::kExplain && out.error.empty() && out.seq == 0)
        out.error = "explain needs a stream and the number of one of its entries: explain trip.r 12";
    if (!out.plugin.empty()) return;
    if (out.verb == Verb::kPluginCheck) out.error = "plugin check needs the path of a plugin's .so file";
    if (out.verb == Verb::kPluginNew) out.error = "plugin new needs a name for the plugin";
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& words) {
    CommandLine out;
    std::vector<std::string> plain;
    for (std::size_t index = 0; index < words.size(); ++index) {
        const std::string& word = words[index];
        std::string value;
        if (take_value(words, index, "-c", value) || take_value(words, index, "--config", value)) {
            out.files.push_back(value);
        } else if (take_value(words, index, "--set", value)) {
            out.arguments.push_back(value);
        } else if (take_value(words, index, "--url", out.url)) {
            out.urls.push_back(out.url);
            if (!out.url.starts_with("http://")) out.error = "--url is an address that begins with http://";
        } else if (take_value(words, index, "--token-file", out.token_file)) {
            continue;
        } else if (take_value(words, index, "--timeout-ms", value)) {
            if (!read_timeout(value, out.timeout_ms)) out.error = "--timeout-ms is a number from 1 to 600000";
        } else if (word == "--origins") {
            out.origins = true;
        } else if (word == "--connect") {
            out.connect = true;
        } else if (word == "--production") {
            out.production = true;
        } else if (word == "--json") {
            out.as_json = true;
        } else if (word == "--wait") {
            out.wait = true;
        } else if (word == "--restart-plugins") {
            out.restart_plugins = true;
        } else if (word == "-h" || word == "--help") {
            out.verb = Verb::kHelp;
            return out;
        } else if (word == "--version") {
            out.verb = Verb::kVersion;
            return out;
        } else if (word.size() > 1 && word[0] == '-') {
            out.error = "'" + word + "' is no option, or lacks its value; see streamhost help";
            return out;
        } else {
            plain.push_back(word);
        }
    }
    if (out.error.empty()) take_command(out, plain);
    return out;
}

std::string usage() {
    return "streamhost: chat and LLM-token streams that nobody can break\n"
           "\n"
           "  streamhost [run] [-c FILE]... [--set key.path=value]...   start this node\n"
           "  streamhost config check FILE...                           all mistakes of a configuration at "
           "once\n"
           "                          [--connect]                       the same, and try the store\n"
           "                          [--production]                    the same, and what others depend on\n"
           "  streamhost config show [-c FILE]... [--origins]           what is in force, secrets masked\n"
           "  streamhost config diff [FILE]...                          what the running node would change, "
           "and who reconnects\n"
           "  streamhost config apply [--restart-plugins]               have it take its files: all or "
           "nothing\n"
           "  streamhost config rollback                                back to what it had before\n"
           "                          [--url URL] [--token-file FILE]   of its admin listener; FILE - is the "
           "standard input\n"
           "  streamhost drain [--wait] [--url URL] [--token-file FILE]  have it send its clients away, and "
           "stay\n"
           "  streamhost explain STREAM SEQ [--json]                    who wrote an entry, which nodes and "
           "clients "
           "got it\n"
           "                          [--url URL]... [-c FILE]          of the nodes to ask; of the node of "
           "FILE\n"
           "  streamhost config schema | reference                      JSON Schema, page of all keys\n"
           "  streamhost plugin new NAME [FOLDER]                       write a plugin to start from\n"
           "  streamhost plugin check FILE.so                           may this host load that plugin?\n"
           "  streamhost healthcheck [--url URL] [--timeout-ms N]       does the node on this machine take "
           "connections? For containers\n"
           "  streamhost version | help\n"
           "\n"
           "Any key can also be set in the environment: STREAMHOST_NODE__ID=a is --set node.id=a.\n"
           "Secrets belong into files: \"${file:/run/secrets/key}\" as a value, never on the command line.\n"
           "What messages name, docs/redis.md for example, is installed in share/doc/streamhost.\n";
}

}  // namespace streamhost::app
