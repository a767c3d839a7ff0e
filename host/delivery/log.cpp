#include "delivery/log.hpp"

namespace streamhost::delivery {

std::optional<BlockPos> Log::locate(Position at) const {
    const auto found = search(at.seq);
    if (!found || found->check != at.check) return std::nullopt;
    return found->pos;
}

std::optional<std::uint64_t> Log::check_at(std::uint64_t seq) const {
    const auto found = search(seq);
    return found ? std::optional(found->check) : std::nullopt;
}

std::optional<Log::Found> Log::search(std::uint64_t seq) const {
    if (seq == chain.last().seq) return Found{chain.end(), chain.last().check};
    const BlockList& blocks = chain.blocks();
    if (blocks.empty() || seq < blocks.front()->before().seq || seq > chain.last().seq) return std::nullopt;
    std::uint32_t low = blocks.base();
    std::uint32_t high = blocks.end();
    while (high - low > 1) {
        const std::uint32_t middle = low + (high - low) / 2;
        (blocks.at(middle)->before().seq <= seq ? low : high) = middle;
    }
    const Block& block = *blocks.at(low).get();
    const std::uint32_t marks = block.marks_up_to(seq, block.mark_count());
    const Position at = block.position_after(marks);
    if (at.seq != seq) return std::nullopt;
    return Found{{low, block.offset_after(marks), marks}, at.check};
}

}  // namespace streamhost::delivery
