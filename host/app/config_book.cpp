#include "app/config_book.hpp"

#include <utility>

namespace streamhost::app {

namespace {

const config::Value* section(const config::Configuration& configuration, const std::string& plugin) {
    const config::Value* plugins = configuration.root().find("plugins");
    return plugins == nullptr ? nullptr : plugins->find(plugin);
}

}  // namespace

ConfigBook::ConfigBook(Ptr first) : started_(std::move(first)) {
    Page page;
    page.accepted = started_;
    page_ = std::make_shared<const Page>(std::move(page));
    const std::lock_guard lock(mutex_);
    write(lock);
}

std::shared_ptr<const ConfigBook::Page> ConfigBook::page() const {
    const std::lock_guard lock(mutex_);
    return page_;
}

void ConfigBook::accept(Ptr next) {
    const std::lock_guard lock(mutex_);
    former_.push_back(page_->accepted);
    if (former_.size() > kKept) former_.pop_front();
    Page page = *page_;
    ++page.generation;
    page.accepted = std::move(next);
    page_ = std::make_shared<const Page>(std::move(page));
    write(lock);
}

ConfigBook::Ptr ConfigBook::previous() const {
    const std::lock_guard lock(mutex_);
    return former_.empty() ? nullptr : former_.back();
}

void ConfigBook::roll_back() {
    const std::lock_guard lock(mutex_);
    if (former_.empty()) return;
    Page page = *page_;
    ++page.generation;
    page.accepted = former_.back();
    former_.pop_back();
    page_ = std::make_shared<const Page>(std::move(page));
    write(lock);
}

void ConfigBook::took(const std::string& plugin) {
    const std::lock_guard lock(mutex_);
    sections_[plugin] = page_->accepted;
    write(lock);
}

void ConfigBook::left(const std::string& plugin) {
    const std::lock_guard lock(mutex_);
    if (sections_.erase(plugin) > 0) write(lock);
}

bool ConfigBook::has_section(const std::string& plugin, const config::Configuration& of) const {
    const std::lock_guard lock(mutex_);
    const auto own = sections_.find(plugin);
    if (own == sections_.end()) return false;
    const config::Value* has = section(*own->second, plugin);
    const config::Value* wants = section(of, plugin);
    return has != nullptr && wants != nullptr && config::same_content(*has, *wants);
}

void ConfigBook::note(ConfigEvent event, bool matches_files) {
    const std::lock_guard lock(mutex_);
    Page page = *page_;
    page.last = std::move(event);
    page.matches_files = matches_files;
    page_ = std::make_shared<const Page>(std::move(page));
}

// Readers hold the former page as long as they like.
void ConfigBook::write(const std::lock_guard<std::mutex>& /*held*/) {
    Page page = *page_;
    page.running =
        std::make_shared<const config::Configuration>(config::in_force(*started_, page.accepted, sections_));
    page.waiting = config::diff(*page.running, *page.accepted);
    page.can_roll_back = !former_.empty();
    page_ = std::make_shared<const Page>(std::move(page));
}

}  // namespace streamhost::app
