# SPDX-License-Identifier: Apache-2.0
include(GNUInstallDirs)
install(TARGETS cairn-broker cairn-agent cairn RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/cairn DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY config/ DESTINATION ${CMAKE_INSTALL_DATADIR}/cairn)
