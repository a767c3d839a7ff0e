#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include <Poco/JSON/Object.h>

namespace streamhost::app {

/// What one node said of an entry and of its stream's readers, or why it said nothing.
struct NodeTold {
    std::string url;
    Poco::JSON::Object::Ptr entry;    ///< GET /admin/v1/entries/STREAM/SEQ; null: see entry_problem
    Poco::JSON::Object::Ptr readers;  ///< GET /admin/v1/readers/STREAM; null: see readers_problem
    std::string entry_problem = {};
    std::string readers_problem = {};
};

/// The problem: a user misses a word, and somebody has to say who wrote it, when, which nodes had it and
/// which clients got it, from what each node still knows.
///
/// Pure. What is not known is said, not guessed.
[[nodiscard]] std::string explanation_text(const std::string& stream, std::uint64_t seq,
                                           const std::vector<NodeTold>& nodes);
[[nodiscard]] std::string explanation_json(const std::string& stream, std::uint64_t seq,
                                           const std::vector<NodeTold>& nodes);

struct ExplainOptions {
    std::string stream;
    std::uint64_t seq = 0;
    std::vector<std::string> urls;  ///< of the admin listeners of the nodes to ask
    std::string token_file;
    bool as_json = false;
};

/// Asks the nodes and prints. 0: a node knows the entry; 1: none does, or none could be asked. [any] Blocks,
/// ten seconds per node and question at the most.
int explain(const ExplainOptions& options, std::ostream& out, std::ostream& err);

}  // namespace streamhost::app
