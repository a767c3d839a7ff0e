#include "sim/oracle.hpp"

#include <algorithm>

#include "streamhost/bytes.hpp"

namespace streamhost::sim {

namespace {

constexpr std::int64_t kWindowMs = 16'000;  // of the keeper

std::string at(std::size_t run, std::uint64_t seq) {
    return " at " + std::to_string(seq) + " of run " + std::to_string(run);
}

}  // namespace

void Oracle::fault(std::int64_t from_ms, std::int64_t until_ms) {
    for (const auto& [from, until] : faults_)
        is_double_ = is_double_ || (from_ms <= until + kWindowMs && from <= until_ms + kWindowMs);
    faults_.emplace_back(from_ms, until_ms);
}

void Oracle::granted(std::size_t run, std::uint64_t pid, std::int64_t now_ms) {
    Run& known = runs_[run];
    const bool is_other = known.owner != 0 && known.owner != pid;
    const std::size_t before = known.owner % 10;  // the node
    const bool has_heard = known.truths.contains(known.owner);
    if (is_other && has_heard && !known.is_owner_dead && !is_double_ && before != pid % 10 &&
        now_ms - unwell_ms_[before] > 2 * kLeaseMs)
        fail("a run was taken from a producer that was well: run " + std::to_string(run));
    known.has_changed_hands = known.has_changed_hands || is_other;
    known.owner = pid;
    known.is_owner_dead = false;
}

void Oracle::crashed(std::size_t node) {
    for (Run& run : runs_)
        run.is_owner_dead = run.is_owner_dead || run.owner % 10 == node;
}

void Oracle::claimed(std::size_t run, std::uint64_t pid, Position head) {
    runs_[run].truths[pid] = {head.seq, {head}};
}

void Oracle::wrote(std::size_t run, std::uint64_t pid, std::uint32_t type, const std::string& data) {
    std::vector<Position>& text = runs_[run].truths[pid].text;
    const Position last = text.back();
    text.push_back({last.seq + 1, chain(last.check, type, streamhost::bytes(data))});
}

void Oracle::acknowledged(std::size_t run, std::uint64_t pid, Position last) {
    const Truth& truth = runs_[run].truths[pid];
    const std::uint64_t index = last.seq - truth.after;
    if (last.seq <= truth.after || index >= truth.text.size() || truth.text[index] != last)
        return fail("a producer was told of an entry that it did not write" + at(run, last.seq));
    runs_[run].acknowledged.push_back(last);
}

// What the store itself wrote is an end, and nothing else.
bool Oracle::is_true(const Run& run, const Entry& entry) const {
    if (entry.writer == 0) return entry.type == SH_RECORD_END && run.may_be_cut;
    const auto found = run.truths.find(entry.writer);
    if (found == run.truths.end() || entry.seq <= found->second.after) return false;
    const std::uint64_t index = entry.seq - found->second.after;
    return index < found->second.text.size() && found->second.text[index] == Position{entry.seq, entry.check};
}

void Oracle::delivered(std::size_t reader, std::size_t run, const Entry& entry) {
    Reader& seen = readers_[reader];
    if (entry.seq != seen.at.seq + 1) return fail("a hole or a repeat" + at(run, entry.seq));
    if (chain(seen.at.check, entry.type, streamhost::bytes(entry.data)) != entry.check)
        return fail("text that does not continue what the reader has" + at(run, entry.seq));
    if (seen.ends > 0) return fail("text behind the end" + at(run, entry.seq));
    if (!is_true(runs_[run], entry)) return fail("text that its producer did not write" + at(run, entry.seq));
    seen.at = {entry.seq, entry.check};
    if (entry.type == SH_RECORD_END) ++seen.ends;
}

void Oracle::replaced(std::size_t reader, std::size_t run) {
    if (!is_double_ && !runs_[run].has_changed_hands && !runs_[run].may_be_cut)
        fail("a reader's text was replaced without need" + at(run, readers_[reader].at.seq));
    readers_[reader] = {};
}

void Oracle::finish(std::size_t run, const Stream& stream) {
    if (stream.meta.is_open() || stream.log.empty()) return fail("the run never ended" + at(run, 0));
    std::size_t owner = 0;
    const auto& owners = stream.meta.owners;
    for (const Entry& entry : stream.log) {
        while (owner + 1 < owners.size() && owners[owner + 1].after < entry.seq)
            ++owner;
        if (entry.writer != 0 && (owner >= owners.size() || owners[owner].pid != entry.writer))
            return fail("text of one who did not own the run" + at(run, entry.seq));
        if (!is_true(runs_[run], entry)) return fail("stored text that nobody wrote" + at(run, entry.seq));
        if ((entry.type == SH_RECORD_END) != (entry.seq == stream.log.size()))
            return fail("an end in the middle, or none" + at(run, entry.seq));
    }
    if (is_double_) return;
    const Position& told = runs_[run].cancelled;
    // Its producer may have come to its own end at a new master before that one was told of the cancel.
    const bool is_own_end = stream.log.back().writer != 0;
    if (told.seq != 0 && stream.meta.state != 'x' && !is_own_end)
        return fail("a run that was cancelled has another end" + at(run, stream.log.size()));
    // What was written behind the end that a user gave it is not asked for.
    const bool is_cut = runs_[run].is_cancelled && stream.log.back().writer == 0;
    const std::uint64_t cut = is_cut ? std::max(stream.head().seq, told.seq) : UINT64_MAX;
    for (const Position& last : runs_[run].acknowledged)
        if (last.seq < cut && stream.check_at(last.seq) != last.check)
            return fail("an acknowledged entry is lost" + at(run, last.seq));
}

void Oracle::finish_session(std::size_t run, const Stream& stream) {
    std::map<std::string, int> said;
    for (const Entry& entry : stream.log)
        if (++said[entry.data] > 1) return fail("said twice: " + entry.data);
    if (is_double_) return;
    for (const std::string& key : runs_[run].published)
        if (!said.contains(key)) return fail("what was said is lost: " + key);
}

void Oracle::finish_reader(std::size_t reader, std::size_t run, const Stream& stream) {
    const Reader& seen = readers_[reader];
    // An end that was lost with all who knew of it, while a user gave the run another one: whoever saw it
    // does not look for one more.
    const bool has_lost_end = is_double_ && seen.ends == 1 && runs_[run].is_cancelled;
    if (seen.at != stream.head() && !has_lost_end)
        fail("a reader never caught up: " + std::to_string(reader));
    if (seen.ends != 1) fail("a reader has not exactly one end: " + std::to_string(reader));
}

}  // namespace streamhost::sim
