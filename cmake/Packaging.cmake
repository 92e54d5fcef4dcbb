# What is installed beside the program and its manual, and the .deb that is made of all of it.

# The service names the program by its path, which depends on the prefix.
file(READ deploy/systemd/do-egress-ip.service service)
string(REPLACE "=/usr/bin/" "=${CMAKE_INSTALL_FULL_BINDIR}/" service "${service}")
string(REPLACE " /etc/do-egress-ip/" " ${CMAKE_INSTALL_FULL_SYSCONFDIR}/do-egress-ip/"
  service "${service}")
string(REPLACE ":/etc/do-egress-ip/" ":${CMAKE_INSTALL_FULL_SYSCONFDIR}/do-egress-ip/"
  service "${service}")
file(CONFIGURE OUTPUT do-egress-ip.service CONTENT "${service}" @ONLY)

# Below the prefix, where systemd and the shells look as well, whatever the machine's libdir is.
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/do-egress-ip.service deploy/systemd/do-egress-ip.timer
  DESTINATION lib/systemd/system)
install(FILES deploy/systemd/sysusers.conf DESTINATION lib/sysusers.d RENAME do-egress-ip.conf)
install(PROGRAMS scripts/smoke DESTINATION ${CMAKE_INSTALL_BINDIR} RENAME do-egress-ip-smoke)
install(FILES man/do-egress-ip-smoke.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES deploy/config/config.toml DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/do-egress-ip)
install(FILES deploy/completions/do-egress-ip.bash
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME do-egress-ip)
install(FILES deploy/completions/_do-egress-ip
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES deploy/completions/do-egress-ip.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME do-egress-ip)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "do-egress-ip maintainers <do-egress-ip@example.org>"
  CACHE STRING "who answers for the package")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "static outbound address for a DigitalOcean droplet
Claims a free reserved IP of a configured list for the droplet it runs on,
makes traffic leave by it, labels the Kubernetes Node if there is one, and
exits with a code that says how it went. A run that finds everything right
changes nothing.

Comes with a systemd timer that repeats the run; nothing is enabled by itself.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${CMAKE_CURRENT_SOURCE_DIR}/deploy/debian/conffiles
  ${CMAKE_CURRENT_SOURCE_DIR}/deploy/debian/postinst
  ${CMAKE_CURRENT_SOURCE_DIR}/deploy/debian/postrm
  ${CMAKE_CURRENT_SOURCE_DIR}/deploy/debian/prerm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(CPACK_SET_DESTDIR ON) # for what goes to /etc
set(CPACK_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/cmake/debian-texts.cmake)
include(CPack)
