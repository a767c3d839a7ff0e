#include "report.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iomanip>
#include <sstream>
#include <thread>

#include <Poco/JSON/Object.h>
#include <Poco/JSON/ParseHandler.h>
#include <Poco/JSON/Parser.h>

namespace streamhost::load {
namespace {

using Poco::JSON::Object;

Object object() { return Object(Poco::JSON_PRESERVE_KEY_ORDER); }

double round_to(double value, double digits) {
    const double factor = std::pow(10.0, digits);
    return std::round(value * factor) / factor;
}

double micros(std::int64_t ns) { return round_to(static_cast<double>(ns) / 1000, 1); }

Object latency_object(const Histogram& histogram) {
    Object out = object();
    out.set("count", histogram.count());
    out.set("min_us", micros(histogram.min_ns()));
    out.set("mean_us", round_to(histogram.mean_ns() / 1000, 1));
    for (const auto& [name, percent] : {std::pair<const char*, double>{"p50_us", 50.0},
                                        {"p90_us", 90.0},
                                        {"p95_us", 95.0},
                                        {"p99_us", 99.0},
                                        {"p99_9_us", 99.9},
                                        {"p99_99_us", 99.99}})
        out.set(name, micros(histogram.percentile_ns(percent)));
    out.set("max_us", micros(histogram.max_ns()));
    return out;
}

Object cpu_object(const CpuTime& cpu, double seconds) {
    Object out = object();
    out.set("user_s", round_to(cpu.user_s, 2));
    out.set("system_s", round_to(cpu.system_s, 2));
    out.set("share_of_a_core", round_to(cpu.total_s() / seconds, 3));
    return out;
}

std::string processor() {
    std::ifstream in("/proc/cpuinfo");
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    }
    return "unknown";
}

Object machine_object() {
    utsname names{};
    ::uname(&names);
    double load[1] = {0};
    (void)::getloadavg(load, 1);
    Object out = object();
    out.set("processor", processor());
    out.set("cores", std::thread::hardware_concurrency());
    out.set("kernel", std::string(names.release));
    out.set("load_average", round_to(load[0], 2));
    return out;
}

std::string utc_now() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::ostringstream out;
    out << std::put_time(&parts, "%FT%TZ");
    return out.str();
}

// What a reader of the numbers must know before believing them.
std::string doubt(const Run& run) {
    if (run.seconds <= 0) return "";
    std::string text;
    const auto add = [&text](const std::string& reason) { text += (text.empty() ? "" : ", ") + reason; };
    if (run.generator.total_s() / run.seconds > 0.9) add("the generator was busy");
    if (run.send_lag.percentile_ns(99) > 1'000'000) add("the generator sent late");
    const auto others = static_cast<int>(std::lround(run.others_s / run.seconds * 100));
    if (others > 10) add("others took " + std::to_string(others) + " % of a core");
    return text;
}

void set_rates(Object& out, const Run& run) {
    if (run.seconds <= 0) return;
    const auto count = static_cast<double>(run.count);
    out.set("seconds", round_to(run.seconds, 3));
    out.set("per_second", round_to(count / run.seconds, 1));
    out.set("server_cpu", cpu_object(run.server, run.seconds));
    out.set("generator_cpu", cpu_object(run.generator, run.seconds));
    out.set("others_share_of_a_core", round_to(run.others_s / run.seconds, 3));
    if (run.server.total_s() <= 0) return;
    out.set("per_cpu_second", round_to(count / run.server.total_s(), 0));
    out.set("server_cpu_us_each", round_to(run.server.total_s() / count * 1e6, 3));
}

std::string kib(double bytes) {
    std::ostringstream out;
    out << std::fixed << std::setprecision(2) << bytes / 1024 << " KiB";
    return out.str();
}

std::string text_of(const Object::Ptr& in, const std::string& name, double scale, int digits) {
    if (in.isNull() || !in->has(name)) return "-";
    std::ostringstream out;
    out << std::fixed << std::setprecision(digits) << in->getValue<double>(name) * scale;
    return out.str();
}

Object::Ptr first_latency(const Object::Ptr& run) {
    const auto latencies = run->getObject("latency");
    if (latencies.isNull() || latencies->size() == 0) return {};
    return latencies->getObject(latencies->getNames().front());
}

// Where the run differs from the scenario's name: "rate=10000".
std::string label_of(const Object::Ptr& run) {
    std::string label = run->getValue<std::string>("scenario");
    const auto parameters = run->getObject("parameters");
    for (const char* name : {"connections", "readers", "streams", "rate"}) {
        if (parameters->has(name))
            label += " " + std::string(name) + "=" + parameters->getValue<std::string>(name);
    }
    return label;
}

std::string remark_of(const Object::Ptr& run) {
    std::string remark = run->optValue<std::string>("doubt", "");
    const auto numbers = run->getObject("numbers");
    if (!numbers.isNull() && numbers->has("bytes_per_connection_of_second_half"))
        remark += kib(numbers->getValue<double>("bytes_per_connection_of_second_half")) + " a connection";
    return remark;
}

// Keeps the order: the first latency is the one to look at.
Object::Ptr parse(const std::string& document) {
    Poco::JSON::Parser parser(new Poco::JSON::ParseHandler(true));
    return parser.parse(document).extract<Object::Ptr>();
}

}  // namespace

std::string to_json(const Run& run, const Parameters& parameters, const std::vector<std::string>& notes) {
    Object out = object();
    out.set("scenario", run.scenario);
    Object asked = object();
    for (const auto& [name, value] : parameters.taken())
        asked.set(name, value);
    out.set("parameters", asked);
    out.set("unit", run.unit);
    out.set("count", run.count);
    set_rates(out, run);
    Object latencies = object();
    for (const auto& [name, histogram] : run.latencies)
        latencies.set(name, latency_object(histogram));
    if (!run.latencies.empty()) out.set("latency", latencies);
    if (run.send_lag.count() > 0) out.set("send_lag", latency_object(run.send_lag));
    Object numbers = object();
    for (const auto& [name, value] : run.numbers)
        numbers.set(name, round_to(value, 3));
    if (!run.numbers.empty()) out.set("numbers", numbers);
    if (const std::string why = doubt(run); !why.empty()) out.set("doubt", why);
    Object said = object();
    for (const std::string& note : notes) {
        const std::size_t equals = std::min(note.find('='), note.size());
        said.set(note.substr(0, equals), note.substr(std::min(equals + 1, note.size())));
    }
    out.set("notes", said);
    out.set("machine", machine_object());
    out.set("at", utc_now());
    std::ostringstream text;
    out.stringify(text, 2);
    return text.str() + "\n";
}

std::string to_table(const std::vector<std::string>& documents) {
    std::vector<std::vector<std::string>> rows = {{"scenario", "per second", "p50 us", "p99 us", "p99.9 us",
                                                   "max us", "server CPU %", "per CPU second",
                                                   "generator CPU %", "remark"}};
    for (const std::string& document : documents) {
        const auto run = parse(document);
        const auto latency = first_latency(run);
        rows.push_back({label_of(run), text_of(run, "per_second", 1, 0), text_of(latency, "p50_us", 1, 0),
                        text_of(latency, "p99_us", 1, 0), text_of(latency, "p99_9_us", 1, 0),
                        text_of(latency, "max_us", 1, 0),
                        text_of(run->getObject("server_cpu"), "share_of_a_core", 100, 0),
                        text_of(run, "per_cpu_second", 1, 0),
                        text_of(run->getObject("generator_cpu"), "share_of_a_core", 100, 0), remark_of(run)});
    }
    std::ostringstream out;
    for (const auto& row : rows) {
        for (std::size_t column = 0; column < row.size(); ++column) {
            std::size_t width = 0;
            for (const auto& other : rows)
                width = std::max(width, other[column].size());
            const bool is_text = column == 0 || column + 1 == row.size();
            out << (column == 0 ? "" : "  ") << (is_text ? std::left : std::right)
                << std::setw(static_cast<int>(width)) << row[column];
        }
        out << '\n';
    }
    return out.str();
}

}  // namespace streamhost::load
