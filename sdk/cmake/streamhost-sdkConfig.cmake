# find_package(streamhost-sdk 1): the target streamhost::sdk and the function streamhost_add_plugin().
include(${CMAKE_CURRENT_LIST_DIR}/streamhost-sdkTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/StreamhostPlugin.cmake)
