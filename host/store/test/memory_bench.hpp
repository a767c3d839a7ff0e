#pragma once
// The memory driver as the conformance suite wants it.

#include <memory>

#include "store/conformance/bench.hpp"
#include "store/conformance/manual_loop.hpp"
#include "store/memory/memory_store.hpp"

namespace streamhost::store::memory {

class MemoryBench final : public conformance::Bench {
public:
    explicit MemoryBench(const MemoryOptions& options)
        : options_(options), store_(make_memory_store(options, loop_, sink_)) {}
    ~MemoryBench() override {
        store_->shutdown();
        loop_.settle();
    }

    Store& store() override { return *store_; }
    conformance::RecordingSink& sink() override { return sink_; }
    const Limits& limits() const override { return options_.limits; }
    bool run_until(const std::function<bool()>& reached) override {
        loop_.settle();
        return reached();
    }
    void advance(std::int64_t ms) override { loop_.advance(ms); }

    conformance::ManualLoop& loop() { return loop_; }

private:
    MemoryOptions options_;
    conformance::ManualLoop loop_;
    conformance::RecordingSink sink_;
    std::unique_ptr<Store> store_;
};

inline conformance::Driver memory_driver() {
    return {.name = "memory",
            .limits = {},
            .short_lived = {},
            .manual_time = true,
            .make = [](const Limits& limits) {
                MemoryOptions options;
                options.limits = limits;
                return std::make_unique<MemoryBench>(options);
            }};
}

}  // namespace streamhost::store::memory
