# What runs, beside the SDK package of sdk/CMakeLists.txt: cmake --install build/release --prefix DIR [--component host]. All destinations
# are relative, and the program looks for its plugins relative to itself, so the tree can be moved and started from anywhere.
set(STREAMHOST_PLUGIN_DESTINATION lib/streamhost/plugins)

install(FILES config/streamhost.schema.json DESTINATION etc/streamhost COMPONENT host)
install(FILES LICENSE DESTINATION share/doc/streamhost COMPONENT host)
# Whoever installs a newer version has made this file theirs.
install(CODE "set(source \"${CMAKE_SOURCE_DIR}/config/streamhost.yaml\")" COMPONENT host)
install(CODE [[
  set(configuration "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/etc/streamhost/streamhost.yaml")
  if(EXISTS "${configuration}")
    message(STATUS "Kept: ${configuration}")
  else()
    file(INSTALL DESTINATION "${CMAKE_INSTALL_PREFIX}/etc/streamhost" TYPE FILE FILES "${source}")
  endif()]] COMPONENT host)
