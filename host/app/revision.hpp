#pragma once

namespace streamhost::app {

/// The commit that was built, or "unknown": tells two builds of one version apart. In a file of its own, so
/// that another commit compiles nothing else anew.
extern const char* const kRevision;

}  // namespace streamhost::app
