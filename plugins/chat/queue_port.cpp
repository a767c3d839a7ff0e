#include "queue_port.hpp"

#include <utility>

#include <simdjson.h>

#include "streamhost/json.hpp"
#include "streamhost/status.hpp"

namespace chat {

using simdjson::SUCCESS;
using streamhost::bytes;
using streamhost::Failure;
using streamhost::json_string;

namespace {

std::uint64_t number_of(const simdjson::dom::element& object, const char* name, std::uint64_t otherwise) {
    std::uint64_t number = 0;
    return object[name].get(number) == SUCCESS ? number : otherwise;
}

std::optional<QueuedRun> queued_of(std::string_view payload) {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    std::string_view run;
    if (parser.parse(payload.data(), payload.size()).get(root) != SUCCESS) return std::nullopt;
    if (root["run"].get(run) != SUCCESS || run.empty()) return std::nullopt;
    QueuedRun queued;
    queued.run = run;
    queued.message_seq = number_of(root, "seq", 0);
    queued.excused = number_of(root, "excused", 0);
    return queued;
}

}  // namespace

std::string payload_of(const QueuedRun& queued) {
    return R"({"run":)" + json_string(queued.run) + R"(,"seq":)" + std::to_string(queued.message_seq) +
           R"(,"excused":)" + std::to_string(queued.excused) + "}";
}

std::vector<TakenJob> taken_jobs(std::string_view body) {
    simdjson::dom::parser parser;
    simdjson::dom::array list;
    if (parser.parse(body.data(), body.size()).get(list) != SUCCESS)
        throw Failure(SH_INTERNAL, "the store's jobs are no JSON array");
    std::vector<TakenJob> jobs;
    for (const simdjson::dom::element entry : list) {
        std::string_view id;
        std::string_view payload;
        if (entry["id"].get(id) != SUCCESS || entry["payload"].get(payload) != SUCCESS)
            throw Failure(SH_INTERNAL, "a job of the store without id or payload");
        TakenJob job;
        job.id = id;
        job.deliveries = number_of(entry, "deliveries", 1);
        job.queued = queued_of(payload);
        jobs.push_back(std::move(job));
    }
    return jobs;
}

std::string cancel_message(std::string_view run) { return R"({"cancel":)" + json_string(run) + "}"; }

std::string cancelled_run(std::string_view message) {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    std::string_view run;
    if (parser.parse(message.data(), message.size()).get(root) != SUCCESS) return {};
    if (root["cancel"].get(run) != SUCCESS) return {};
    return std::string(run);
}

void QueuePort::push(std::string_view queue, const QueuedRun& queued, Answer answer) {
    const std::string payload = payload_of(queued);
    store_.run(&sh_store_ext::job_push, std::move(answer), bytes(queue), bytes(payload));
}

void QueuePort::take(std::string_view queue, std::string_view consumer, std::uint32_t max,
                     std::uint32_t wait_ms, std::uint32_t idle_ms, Answer answer) {
    store_.run(&sh_store_ext::job_take, std::move(answer), bytes(queue), bytes(consumer), max, wait_ms,
               idle_ms);
}

void QueuePort::ack(std::string_view queue, std::string_view job, Answer answer) {
    const sh_bytes id = bytes(job);
    store_.run(&sh_store_ext::job_ack, std::move(answer), bytes(queue), &id, 1u);
}

void QueuePort::tell_cancelled(std::string_view run, Answer answer) {
    const std::string message = cancel_message(run);
    store_.run(&sh_store_ext::topic_publish, std::move(answer), bytes(kControlTopic), bytes(message));
}

void QueuePort::hear_control(Answer answer) {
    store_.run(&sh_store_ext::topic_subscribe, std::move(answer), bytes(kControlTopic), std::uint8_t{0});
}

bool QueuePort::reaches_workers(std::string_view session) const {
    return store_->policy(host_.raw(), bytes(session)) != SH_POLICY_MEMORY;
}

bool QueuePort::dies_with_us() const {
    return host_.node().phase(host_.raw()) >= SH_NODE_DRAINING &&
           std::string_view(store_->kind(host_.raw())) == "memory";
}

}  // namespace chat
