#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bridge/house.hpp"
#include "control/test/house.hpp"

namespace streamhost::bridge::test {

using control::test::describe;
using control::test::Script;

/// A house whose loops run when the test says so, on its thread.
struct Fixture {
    runtime::ManualClock clock{1'000};
    runtime::LoopGroup loops{clock, {.loops = 1}};
    runtime::Loop control_loop{clock, {.name = "control", .roles = runtime::Role::control}};
    runtime::WorkerPool short_pool{clock, runtime::WorkerPoolOptions::short_jobs(1)};
    runtime::WorkerPool long_pool{clock, runtime::WorkerPoolOptions::long_jobs(1)};
    observe::Metrics metrics;
    control::ServiceRegistry services;
    control::Tickets tickets{{}, [](sh_target, runtime::Task&&) { return false; }};
    House house{clock, loops, control_loop, short_pool, long_pool, metrics, services, tickets};
    std::uint64_t last_id = 0;

    /// Created, not started. The script outlives it.
    std::shared_ptr<control::Instance> make(Script& script, const std::string& name) {
        control::test::script_to_create = &script;
        auto instance = std::make_shared<control::Instance>(
            ++last_id, control::test::scripted_plugin(describe(name)),
            control::Instance::Offer{"0.0.0", &find_extension, &house, 1},
            [](const control::Instance&, std::string_view, std::string_view) {});
        static_cast<void>(instance->create());
        return instance;
    }
    /// Rounds until nothing is posted any more.
    void settle() {
        for (int round = 0; round < 20; ++round)
            loops.loop(0).run_once(0);
    }
};

}  // namespace streamhost::bridge::test
