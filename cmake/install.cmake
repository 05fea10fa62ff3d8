# SPDX-License-Identifier: Apache-2.0
include(GNUInstallDirs)
install(TARGETS cairn-signer cairn-broker cairn-agent cairn RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/cairn DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY config/ DESTINATION ${CMAKE_INSTALL_DATADIR}/cairn)
install(FILES docs/man/cairn.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES docs/man/cairn-signer.8 docs/man/cairn-broker.8 docs/man/cairn-agent.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
