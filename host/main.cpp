#include "app/host_app.hpp"

int main(int argc, char** argv) { return streamhost::app::run(argc, argv); }
