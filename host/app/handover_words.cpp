#include "app/handover_words.hpp"

#include <iterator>

#include "streamhost/whole_number.hpp"

namespace streamhost::app {

namespace {

constexpr std::size_t kStemSize = 53;  // a node's name has 64 characters at most
struct Known {
    HandoverWord::Kind kind;
    std::string_view verb;
    std::size_t fields;
};
constexpr Known kKnown[] = {
    {HandoverWord::Kind::take, "take", 0},   {HandoverWord::Kind::listener, "listener", 3},
    {HandoverWord::Kind::all, "all", 2},     {HandoverWord::Kind::refused, "refused", 1},
    {HandoverWord::Kind::ready, "ready", 0}, {HandoverWord::Kind::leaving, "leaving", 0},
};

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    lines.emplace_back(text);
    return lines;
}

}  // namespace

std::string to_packet(const HandoverWord& word) {
    std::string out(kHandoverProtocol);
    for (const Known& known : kKnown)
        if (known.kind == word.kind) out.append(" ").append(known.verb);
    for (const std::string& field : word.fields)
        out.append("\n").append(field);
    return out;
}

std::optional<HandoverWord> read_packet(std::string_view packet) {
    if (!packet.starts_with(kHandoverProtocol)) return std::nullopt;
    packet.remove_prefix(kHandoverProtocol.size());
    if (!packet.starts_with(' ')) return std::nullopt;
    std::vector<std::string> lines = lines_of(packet.substr(1));
    for (const Known& known : kKnown)
        if (lines.front() == known.verb && lines.size() == known.fields + 1)
            return HandoverWord{
                known.kind,
                {std::make_move_iterator(lines.begin() + 1), std::make_move_iterator(lines.end())}};
    return std::nullopt;
}

std::string name_after(const std::string& configured, const std::string& before) {
    const std::string stem = configured.substr(0, kStemSize) + "_";
    if (before == configured) return stem + "2";
    if (!before.starts_with(stem)) return configured;
    const auto number = whole_number<unsigned>(std::string_view(before).substr(stem.size()));
    return number ? stem + std::to_string(*number + 1) : configured;
}

}  // namespace streamhost::app
