#include "app/finding.hpp"

namespace streamhost::app {

std::string format(const Finding& finding) {
    static constexpr const char* kWords[] = {"", "ok", "todo", "warning", "error"};
    std::string out = kWords[static_cast<std::size_t>(finding.level)];
    out += ": " + (finding.name.empty() ? finding.text : finding.name + ": " + finding.text) + '\n';
    if (!finding.next.empty()) out += "    next: " + finding.next + '\n';
    return out;
}

}  // namespace streamhost::app
