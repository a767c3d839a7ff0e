# What runs, beside the SDK package of sdk/CMakeLists.txt: cmake --install build/release --prefix DIR [--component host]. All destinations
# are relative, and the program looks for its plugins relative to itself, so the tree can be moved and started from anywhere.
set(STREAMHOST_PLUGIN_DESTINATION lib/streamhost/plugins)

install(FILES config/streamhost.schema.json DESTINATION etc/streamhost COMPONENT host)
install(FILES LICENSE DESTINATION share/doc/streamhost COMPONENT host)
# What messages and pages name, docs/redis.md or deploy/redis/backup.sh, is there by that name, for pages link to each other. Without
# what an operator has put beside it.
install(DIRECTORY docs config deploy DESTINATION share/doc/streamhost COMPONENT host USE_SOURCE_PERMISSIONS
        PATTERN .env EXCLUDE PATTERN secrets EXCLUDE PATTERN .gitignore EXCLUDE)
# Whoever installs a newer version has made this file theirs.
install(CODE "set(source \"${CMAKE_SOURCE_DIR}/config/streamhost.yaml\")" COMPONENT host)
install(CODE [[
  set(configuration "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/etc/streamhost/streamhost.yaml")
  if(EXISTS "${configuration}")
    message(STATUS "Kept: ${configuration}")
  else()
    file(INSTALL DESTINATION "${CMAKE_INSTALL_PREFIX}/etc/streamhost" TYPE FILE FILES "${source}")
  endif()]] COMPONENT host)
