#include "app/admin_client.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include <Poco/Exception.h>
#include <Poco/JSON/Parser.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/NetException.h>

namespace streamhost::app {

namespace {

const Poco::Timespan kPatience(10, 0);

}  // namespace

// "-" is the standard input: a token for a program inside a container, which its file is not.
std::string read_token(const std::string& file) {
    if (file.empty()) return {};
    std::string line;
    std::ifstream in(file == "-" ? "" : file);
    if (!std::getline(file == "-" ? std::cin : in, line))
        throw std::runtime_error(file + ": no token can be read from it");
    return line;
}

AdminClient::AdminClient(const std::string& url, std::string token)
    : target_(url), token_(std::move(token)) {}

AdminClient::Answer AdminClient::ask(const std::string& method, const std::string& path,
                                     const std::string& body) const {
    const auto session = target_.session(kPatience);
    Poco::Net::HTTPRequest request(method, path, "HTTP/1.1");
    target_.name_in(request);
    if (!token_.empty()) request.set("Authorization", "Bearer " + token_);
    if (method == "POST") request.setContentLength64(static_cast<Poco::Int64>(body.size()));
    session->sendRequest(request) << body;
    Poco::Net::HTTPResponse response;
    std::istream& in = session->receiveResponse(response);
    const std::string text(std::istreambuf_iterator<char>(in), {});
    try {
        return {static_cast<int>(response.getStatus()),
                Poco::JSON::Parser().parse(text).extract<Poco::JSON::Object::Ptr>()};
    } catch (const Poco::Exception&) {
        throw std::runtime_error("what answers there is no admin listener of a node");
    }
}

std::string text_of(const Poco::JSON::Object& object, const std::string& name) {
    std::string out = object.optValue<std::string>(name, "");
    std::replace_if(
        out.begin(), out.end(), [](unsigned char byte) { return byte < ' ' || byte == 127; }, ' ');
    return out;
}

int print_problem(const AdminClient::Answer& answer, std::ostream& err) {
    err << "streamhost: " << answer.status << ": " << text_of(*answer.body, "detail") << "\n";
    if (answer.status == 401) err << "    next: --token-file FILE, with a token that the node takes\n";
    return 1;
}

int guarded(const std::string& url, std::ostream& err, const std::function<int()>& body) {
    const auto nobody = [&](const char* why) {
        err << "streamhost: " << url << ": " << why
            << "\n    next: is the node up? --url URL names another admin listener\n";
    };
    try {
        return body();
    } catch (const Poco::Net::ConnectionRefusedException&) {
        nobody("Connection refused");
    } catch (const Poco::Exception& error) {
        if (error.code() == ENOENT)
            nobody("there is no such socket");
        else
            err << "streamhost: " << url << ": " << error.displayText() << "\n";
    } catch (const std::exception& error) {
        err << "streamhost: " << error.what() << "\n";
    }
    return 1;
}

}  // namespace streamhost::app
