#include "app/listener_tls.hpp"

#include <exception>
#include <string_view>
#include <utility>

namespace streamhost::app {

namespace {

using config::View;

class Reader {
public:
    explicit Reader(const std::shared_ptr<const config::Configuration>& configuration)
        : configuration_(*configuration), root_(configuration) {}

    ListenerTls read() {
        for (std::size_t index = 0; index < root_.size("listeners").value; ++index) {
            const std::string name(root_.key("listeners", index).value);
            if (name != "admin") read(name);
        }
        return std::move(out_);
    }

private:
    void read(const std::string& listener) {
        const std::string at = "listeners." + listener + ".tls";
        const auto enabled = root_.get_boolean(at + ".enabled");
        if (enabled.status != config::Lookup::ok || !enabled.value) return;
        const net::TlsServerOptions options{
            root_.require_string(at + ".cert_file"), root_.require_string(at + ".key_file"),
            root_.require_string(at + ".min_version") == "1.3" ? net::TlsVersion::k13 : net::TlsVersion::k12};
        if (!is_named(at + ".cert_file", options.certificate_file)) return;
        if (!is_named(at + ".key_file", options.key_file)) return;
        try {
            out_.contexts.emplace(listener, std::make_shared<net::TlsServerContext>(options));
        } catch (const std::exception& error) {
            const bool has_ended = std::string_view(error.what()).ends_with("has ended");
            complain(at, error.what(),
                     has_ended
                         ? "put a renewed one in " + at + ".cert_file"
                         : "see that both files exist, hold PEM of one pair, and this user may read them");
        }
    }

    bool is_named(const std::string& path, const std::string& file) {
        if (file.empty())
            complain(path, "is missing, and TLS is enabled", "name a PEM file, or switch TLS off here");
        return !file.empty();
    }

    void complain(const std::string& path, std::string problem, std::string next_step) {
        out_.issues.push_back(
            config::issue_at(configuration_.root(), path, std::move(problem), std::move(next_step)));
    }

    const config::Configuration& configuration_;
    View root_;
    ListenerTls out_;
};

}  // namespace

ListenerTls read_listener_tls(const std::shared_ptr<const config::Configuration>& configuration) {
    return Reader(configuration).read();
}

}  // namespace streamhost::app
