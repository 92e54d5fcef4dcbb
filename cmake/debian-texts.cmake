# Run by CPack on what it is about to pack: the texts that Debian wants, the way it wants them.
set(source ${CMAKE_CURRENT_LIST_DIR}/..)
set(root ${CPACK_TEMPORARY_DIRECTORY})
set(texts ${root}/usr/share/doc/do-egress-ip)

file(COPY ${source}/deploy/debian/copyright DESTINATION ${texts})
file(COPY ${source}/CHANGELOG.md DESTINATION ${texts})
file(RENAME ${texts}/CHANGELOG.md ${texts}/changelog)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${texts}/changelog.Debian
"do-egress-ip (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) stable; urgency=medium

  * See changelog.gz for what is new in ${CPACK_PACKAGE_VERSION}.

 -- ${CPACK_DEBIAN_PACKAGE_MAINTAINER}  ${date}
")
file(CHMOD ${texts}/copyright ${texts}/changelog ${texts}/changelog.Debian
  FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
execute_process(
  COMMAND gzip --no-name --best ${texts}/changelog ${texts}/changelog.Debian
    ${root}/usr/share/man/man7/do-egress-ip.7
    ${root}/usr/share/man/man8/do-egress-ip.8 ${root}/usr/share/man/man8/do-egress-ip-smoke.8
  COMMAND_ERROR_IS_FATAL ANY)
