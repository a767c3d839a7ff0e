// A store that is two must be as good as one: half of the homes go to each, as their names fall. One promise
// is each store's own and not that of both together, so the open runs of the suite are all in one: the
// soonest due comes first.
#include "memory_bench.hpp"
#include "store/conformance/suite.hpp"
#include "store/policy/policy_store.hpp"

namespace streamhost::store::conformance {
namespace {

class PolicyBench final : public Bench {
public:
    PolicyBench(const memory::MemoryOptions& options, const char* in_memory)
        : options_(options),
          store_(make_policy_store(Policies({{in_memory, Policy::kMemory}}),
                                   memory::make_memory_store(options, loop_, sink_),
                                   memory::make_memory_store(options, loop_, in_process_))) {}
    ~PolicyBench() override {
        store_->shutdown();
        loop_.settle();
    }

    Store& store() override { return *store_; }
    RecordingSink& sink() override { return sink_; }
    const Limits& limits() const override { return options_.limits; }
    bool run_until(const std::function<bool()>& reached) override {
        loop_.settle();
        return reached();
    }
    void advance(std::int64_t ms) override { loop_.advance(ms); }

private:
    memory::MemoryOptions options_;
    ManualLoop loop_;
    RecordingSink sink_;
    InProcessSink in_process_{sink_};
    std::unique_ptr<Store> store_;
};

Driver policy_driver(const char* in_memory) {
    return {.name = "policy",
            .limits = {},
            .short_lived = {},
            .manual_time = true,
            .make = [in_memory](const Limits& limits) {
                memory::MemoryOptions options;
                options.limits = limits;
                return std::make_unique<PolicyBench>(options, in_memory);
            }};
}

Driver halves() { return policy_driver("*[02468aeiou]"); }

}  // namespace

STREAMHOST_STORE_SUITE_(Policy, OwnedStreams, halves());
STREAMHOST_STORE_SUITE_(Policy, SharedStreams, halves());
STREAMHOST_STORE_SUITE_(Policy, Sends, halves());
STREAMHOST_STORE_SUITE_(Policy, Reads, halves());
STREAMHOST_STORE_SUITE_(Policy, Lifetimes, halves());
STREAMHOST_STORE_SUITE_(Policy, Jobs, policy_driver("*"));
STREAMHOST_STORE_SUITE_(Policy, Registry, halves());
STREAMHOST_STORE_SUITE_(Policy, Locks, halves());
STREAMHOST_STORE_SUITE_(Policy, Keys, halves());
STREAMHOST_STORE_SUITE_(Policy, Channels, halves());
STREAMHOST_STORE_SUITE_(Policy, Shapes, halves());
STREAMHOST_STORE_SUITE_(Policy, Contract, halves());
STREAMHOST_STORE_SUITE_(Policy, Model, halves());

}  // namespace streamhost::store::conformance
